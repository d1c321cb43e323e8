(() => {
  const rows = [...document.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  const field = document.getElementById("search");
  const count = document.getElementById("found");
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text] of rows) {
      const hit = words.every((word) => text.includes(word));
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
