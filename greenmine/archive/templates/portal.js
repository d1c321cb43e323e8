(() => {
  const besides = (cell) => (cell.dataset.verdict ? cell.textContent.replace(cell.dataset.verdict, "") : cell.textContent);
  const rows = [...document.querySelectorAll("tbody tr")].map((row) => [
    row,
    [...row.children].map(besides).join("\n").toLowerCase(),
    row.querySelector("[data-verdict]").dataset.verdict.toLowerCase(),
  ]);
  const field = document.getElementById("search");
  const verdicts = field.dataset.verdicts.toLowerCase().split("|"); // a whole one is none that only holds it
  const count = document.getElementById("found");
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text, verdict] of rows) {
      const judged = (word) => (verdicts.includes(word) ? verdict === word : verdict.includes(word));
      const hit = words.every((word) => text.includes(word) || judged(word));
      row.hidden = !hit;
      found += hit;
    }
    count.textContent = words.length ? found + " / " + rows.length : "";
  };
  let waiting = 0;
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 80); });
  document.getElementById("finder").hidden = false;
  find();
})();
