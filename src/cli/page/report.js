/*
 * The report: draws the confusion matrix from the data in the page, shows the
 * texts behind its cells, and sorts tables. Text gets into the page as
 * textContent only.
 */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { labels } = data, n = labels.length;
  const byId = (id) => document.getElementById(id);
  const count = (x) => x.toLocaleString("en");
  const percent = (x) => (100 * x).toFixed(1) + " %";

  /* An element with a class and, as its text or children, what follows. */
  const make = (tag, style, ...inside) => {
    const element = document.createElement(tag);
    if (style) element.className = style;
    element.append(...inside);
    return element;
  };

  const cells = new Map(), rowSum = Array(n).fill(0), columnSum = Array(n).fill(0);
  const right = Array(n).fill(0);
  for (const [i, j, texts, kept] of data.cells) {
    cells.set(i * n + j, { texts, kept });
    rowSum[i] += texts;
    columnSum[j] += texts;
    if (i === j) right[i] = texts;
  }
  const textsAt = (i, j) => cells.get(i * n + j)?.texts ?? 0;

  /* --- Orders of the classes --- */

  const collator = new Intl.Collator("en", { numeric: true });
  const byLabel = (a, b) => collator.compare(labels[a], labels[b]) || a - b;
  const wrong = (i) => rowSum[i] + columnSum[i] - 2 * right[i];
  const mixed = (i, j) => textsAt(i, j) + textsAt(j, i);

  /* From the class with the most mistakes on to the one that is most mixed up
   * with those just placed, so that what is confused stands together. */
  const chain = () => {
    const left = new Set(labels.keys()), order = [], pull = Array(n).fill(0);
    while (left.size) {
      let best = -1;
      for (const i of left)
        if (best < 0 || pull[i] > pull[best] ||
            (pull[i] === pull[best] && wrong(i) > wrong(best))) best = i;
      left.delete(best);
      order.push(best);
      for (const i of left) pull[i] = pull[i] / 2 + mixed(best, i) / Math.sqrt((rowSum[i] || 1) * (rowSum[best] || 1));
    }
    return order;
  };

  const orders = {
    alike: chain,
    label: () => [...labels.keys()].sort(byLabel),
    texts: () => [...labels.keys()].sort((a, b) => rowSum[b] - rowSum[a] || byLabel(a, b)),
    wrong: () => [...labels.keys()].sort((a, b) => wrong(b) - wrong(a) || byLabel(a, b)),
  };
  /* One class first, then what it is mixed up with. */
  const around = (i) => [...labels.keys()].sort((a, b) =>
    (b === i) - (a === i) || mixed(i, b) - mixed(i, a) || byLabel(a, b));

  /* --- The matrix --- */

  const grid = byId("grid"), readout = byId("readout");
  const orderOf = byId("order"), shadeOf = byId("shade");
  const MOST = 160; // classes drawn; more make no picture
  let order = [], at = [0, 0];

  const shares = {
    row: (i, j, x) => x / rowSum[i],
    column: (i, j, x) => x / columnSum[j],
    count: (i, j, x) => x / data.cells.reduce((most, cell) => Math.max(most, cell[2]), 1),
  };

  const describe = (i, j) => {
    const x = textsAt(i, j);
    const how = i === j ? `${labels[i]}: ${count(x)} right` : `${labels[i]} taken for ${labels[j]}: ${count(x)}`;
    return how + (rowSum[i] ? `, ${percent(x / rowSum[i])} of ${count(rowSum[i])}` : "");
  };

  const cellAt = (row, column) => grid.querySelector(`td[data-at="${row} ${column}"]`);

  const focusCell = (row, column) => {
    const last = order.length - 1;
    const old = cellAt(...at);
    at = [Math.min(Math.max(row, 0), last), Math.min(Math.max(column, 0), last)];
    const cell = cellAt(...at);
    if (old) old.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };

  const labelButton = (i, axis) => {
    const button = make("button", "", labels[i]);
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.class = i;
    button.title = `${labels[i]}: put what it is confused with beside it`;
    const head = make("th", axis, button);
    head.scope = axis;
    return head;
  };

  const dataCell = (row, column) => {
    const i = order[row], j = order[column], x = textsAt(i, j), cell = make("td");
    cell.dataset.at = `${row} ${column}`;
    cell.tabIndex = -1;
    cell.setAttribute("role", "gridcell");
    if (i === j) cell.classList.add("diagonal");
    if (x) {
      const share = shares[shadeOf.value](i, j, x);
      /* Small cells need more colour to be seen. */
      const least = n > 40 ? 30 : 8;
      cell.style.setProperty("--s", `${Math.round(least + (92 - least) * Math.sqrt(share))}%`);
      cell.classList.add("some");
      if (share > .45) cell.classList.add("strong");
      if (n <= 40) cell.textContent = count(x);
      cell.setAttribute("aria-label", describe(i, j));
    }
    return cell;
  };

  const draw = () => {
    order = order.slice(0, MOST);
    const table = make("table", n <= 12 ? "matrix wide" : n <= 40 ? "matrix" : "matrix tiny");
    table.style.setProperty("--n", order.length);
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", "Confusion matrix, true labels down, predicted labels across");
    const head = make("tr", "", make("td", "corner"));
    for (const i of order) head.append(labelButton(i, "col"));
    table.append(make("thead", "", head));
    const body = make("tbody");
    for (let row = 0; row < order.length; row++) {
      const line = make("tr", "", labelButton(order[row], "row"));
      for (let column = 0; column < order.length; column++) line.append(dataCell(row, column));
      body.append(line);
    }
    table.append(body);
    grid.replaceChildren(table);
    if (n > MOST) grid.append(make("p", "soft", `${MOST} of ${n} classes, the first in this order.`));
    at = [0, 0];
    cellAt(0, 0).tabIndex = 0;
    readout.textContent = "";
  };

  const sort = (newOrder) => { order = newOrder; draw(); };

  /* --- Texts behind a cell --- */

  const panel = byId("texts");
  let opener = null;

  const rankList = (text) => {
    /* Probabilities that would show as nothing are left out. */
    const told = text.ranks.filter(([, value], i) => i === 0 || data.votes || value >= .0005);
    const ranks = told.map(([label, value]) =>
      make("li", "", make("b", "", label), ` ${data.votes ? value.toFixed(3) : percent(value)}`));
    return make("ul", "ranks", ...ranks);
  };

  const textItem = (text) => {
    const item = make("li", "item");
    const where = text.line ? `${text.source}:${text.line}` : text.source;
    const seen = [, " · in training but for case, space or punctuation", " · in training, too"][text.seen ?? 0];
    item.append(make("div", "soft where", `${where} · ${percent(text.sure)} ${data.sure}${seen ?? ""}`));
    const body = make("p", "text", text.text);
    body.dir = "auto";
    if (text.more) body.append(make("span", "soft", ` … ${count(text.more)} more bytes`));
    item.append(body, rankList(text));
    if (text.near !== undefined) {
      const near = make("p", "text near", make("span", "soft", "nearest: "), text.near);
      near.dir = "auto";
      item.append(near);
    }
    return item;
  };

  const open = (i, j, from) => {
    const { texts, kept } = cells.get(i * n + j) ?? { texts: 0, kept: [] };
    const close = make("button", "close", "Close");
    close.type = "button";
    close.addEventListener("click", hide);
    const title = i === j
      ? make("h3", "", labels[i], make("span", "soft", " found"))
      : make("h3", "", labels[i], make("span", "soft", " taken for "), labels[j]);
    const shown = kept.length < texts
      ? `${count(texts)} texts; here are the ${kept.length} ${i === j ? "least sure" : "surest"}. A page holds at most ${data.limit} of a cell, and the beginnings of long ones.`
      : `${count(texts)} text${texts === 1 ? "" : "s"}, the ${i === j ? "least sure" : "surest"} first.`;
    panel.replaceChildren(make("div", "panel-head", title, close),
      make("p", "soft", texts ? shown : "No text."),
      make("ol", "items", ...kept.map(textItem)));
    panel.hidden = false;
    opener = from;
    panel.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  };

  const hide = () => {
    panel.hidden = true;
    opener?.focus();
  };

  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  const openCell = (cell) => {
    const [row, column] = cell.dataset.at.split(" ").map(Number);
    open(order[row], order[column], cell);
  };

  /* --- What the reader does --- */

  const moves = {
    ArrowUp: (r, c) => [r - 1, c], ArrowDown: (r, c) => [r + 1, c],
    ArrowLeft: (r, c) => [r, c - 1], ArrowRight: (r, c) => [r, c + 1],
    PageUp: (r, c) => [r - 10, c], PageDown: (r, c) => [r + 10, c],
    Home: (r) => [r, 0], End: (r) => [r, Infinity],
  };

  grid.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[data-at]");
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") openCell(cell);
    else if (moves[event.key]) focusCell(...moves[event.key](...cell.dataset.at.split(" ").map(Number)));
    else return;
    event.preventDefault();
  });
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button"), cell = event.target.closest("td[data-at]");
    if (button) {
      orderOf.value = button.dataset.class;
      sort(around(Number(button.dataset.class)));
    } else if (cell) {
      focusCell(...cell.dataset.at.split(" ").map(Number));
      openCell(cell);
    }
  });
  const tell = (event) => {
    const cell = event.target.closest("td[data-at]");
    if (!cell) return;
    const [row, column] = cell.dataset.at.split(" ").map(Number);
    readout.textContent = describe(order[row], order[column]);
  };
  grid.addEventListener("pointerover", tell);
  grid.addEventListener("focusin", tell);
  orderOf.addEventListener("change", () => sort(orders[orderOf.value]?.() ?? around(Number(orderOf.value))));
  shadeOf.addEventListener("change", draw);
  for (const button of document.querySelectorAll("button.open"))
    button.addEventListener("click", () => open(...button.dataset.cell.split(" ").map(Number), button));

  /* What the labels' buttons do, for the keyboard and for matrices too small to
   * have labels. */
  const group = document.createElement("optgroup");
  group.label = "around a class";
  for (const i of orders.label()) group.append(new Option(labels[i], i));
  orderOf.append(group);

  /* --- Tables that can be sorted --- */

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const sortTable = (table, column) => {
    const head = table.tHead.rows[0].cells[column], body = table.tBodies[0];
    const rows = [...body.rows], isNumber = typeof valueOf(rows[0], column) === "number";
    const now = head.getAttribute("aria-sort");
    const up = now ? now === "descending" : !isNumber;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => {
      const x = valueOf(a, column), y = valueOf(b, column);
      return (up ? 1 : -1) * (isNumber ? x - y : collator.compare(x, y));
    });
    body.append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable"))
    [...table.tHead.rows[0].cells].forEach((head, column) =>
      head.querySelector("button.sort")?.addEventListener("click", () => sortTable(table, column)));

  sort(orders[orderOf.value]());
})();
