"""The notebook as shipped, run as a person runs it in JupyterLab: on the demonstration mine that it names."""

from __future__ import annotations

from pathlib import Path

from pytest_notebook.nb_regression import NBRegressionFixture


def test_the_shipped_notebook_runs_and_stays_as_it_is(repository: Path) -> None:
    """Every cell runs; apart from its results, which are not stored, the notebook is the same afterwards."""
    regression = NBRegressionFixture(
        exec_cwd=str(repository),
        diff_ignore=("/cells/*/outputs", "/cells/*/execution_count", "/metadata/language_info"),
        force_regen=False,
    )
    result = regression.check(str(repository / "notebooks" / "assessment.ipynb"))
    code = [cell for cell in result.nb_final.cells if cell.cell_type == "code"]
    assert all("error" != output.output_type for cell in code for output in cell.outputs)
    assert all(cell.outputs for cell in code[1:])
