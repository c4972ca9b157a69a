const field = document.getElementById("words");
const list = document.getElementById("found");
const said = document.getElementById("said");
document.getElementById("form").hidden = false;

function matches(words) {
  return row => words.every(word => row.slice(0, 7).join(" ").toLowerCase().includes(word));
}

function itemOf([city, time, organisation, purpose, dataset, outcome, sql, address]) {
  const item = document.createElement("li"), link = document.createElement("a");
  link.href = address;
  link.textContent = `${city}, ${time}: ${outcome}`;
  item.append(link, ` ${[organisation, purpose, dataset].filter(Boolean).join(", ")}`);
  return item;
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? QUESTIONS.filter(matches(words)) : [];
  said.textContent = words.length ? `${found.length} of ${QUESTIONS.length} questions${found.length > 200 ? "; the newest 200" : ""}` : "";
  list.replaceChildren(...found.slice(-200).reverse().map(itemOf));
}

field.addEventListener("input", show);
show();
