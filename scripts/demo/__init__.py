"""The makers of the demonstration mines in `evidence/`.

Each mine is described in `mines/<mine>/`: `folder.yaml` holds its profile and the papers, photos, sheets and list it
hands in, one YAML file per assessment holds the panel and what each person recorded. `papers`, `photos` and `sheets`
turn the descriptions into real files, `record` types the entries through the journal, `build` puts a folder together.
Everything is fictional.
"""
