const MOST = 200;
const field = document.getElementById("words");
const list = document.getElementById("found");
const said = document.getElementById("said");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
const texts = QUESTIONS.map(row => row.slice(0, 7).join(" ").toLocaleLowerCase());
const form = document.getElementById("form");
form.hidden = false;
form.addEventListener("submit", event => event.preventDefault());

function itemOf([city, time, organisation, purpose, dataset, outcome, sql, address]) {
  const item = document.createElement("li"), link = document.createElement("a");
  link.href = address;
  link.textContent = `${city}, ${time}: ${outcome}`;
  item.append(link, ` ${[organisation, purpose, dataset].filter(Boolean).join(", ")}`);
  return item;
}

function tell(found) {
  const counted = said.dataset.found.replace("FOUND", numbers.format(found.length)).replace("ALL", numbers.format(QUESTIONS.length));
  return found.length > MOST ? `${counted}. ${said.dataset.cut.replace("MOST", numbers.format(MOST))}` : counted;
}

function show() {
  const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? QUESTIONS.filter((_, at) => words.every(word => texts[at].includes(word))) : [];
  said.textContent = words.length ? tell(found) : "";
  list.replaceChildren(...found.slice(-MOST).reverse().map(itemOf));
}

field.addEventListener("input", show);
show();
