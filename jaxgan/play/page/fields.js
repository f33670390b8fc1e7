// The controls of one setting, made of what the server says of its options.

const shown = (value) => (value === null ? "" : typeof value === "number" ? String(Number(value.toPrecision(7))) : value);

export function fillSettings(form, fields, groups, change) {
  const form_of = JSON.stringify(fields.map((field) => [field.name, field.kind, field.choices]));
  if (form.dataset.form !== form_of) {
    const focused = form.contains(document.activeElement) ? document.activeElement.name : null;
    form.replaceChildren();
    for (const group of groups) {
      const of_group = fields.filter((field) => field.group === group);
      if (of_group.length) form.append(makeGroup(group, of_group, change));
    }
    form.dataset.form = form_of;
    if (focused) form.elements.namedItem(focused)?.focus();
  }
  for (const field of fields) {
    const control = form.elements.namedItem(field.name);
    control.parentElement.classList.toggle("given", field.given && field.name !== "variant");
    if (field.kind === "switch") control.checked = Boolean(field.value);
    else if (document.activeElement !== control || control.dataset.sent) control.value = shown(field.value);
    delete control.dataset.sent;
  }
}

function makeGroup(group, fields, change) {
  const set = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = group;
  set.append(legend, ...fields.map((field) => makeField(field, change)));
  return set;
}

function makeField(field, change) {
  const label = document.createElement("label");
  label.className = field.live ? "field live" : "field";
  label.title = field.live ? `${field.help} Takes effect at once.` : field.help;
  const words = document.createElement("span");
  words.textContent = field.label;
  const control = makeControl(field);
  control.name = field.name;
  control.addEventListener("change", () => {
    control.dataset.sent = "yes";
    if (field.kind === "switch") change(field.name, control.checked);
    else if (control.value === "") change(field.name, null);
    else change(field.name, field.kind === "choice" ? control.value : Number(control.value));
  });
  label.append(words, control);
  return label;
}

function makeControl(field) {
  if (field.kind === "choice") {
    const select = document.createElement("select");
    for (const choice of field.choices) select.add(new Option(choice, choice));
    return select;
  }
  const input = document.createElement("input");
  if (field.kind === "switch") {
    input.type = "checkbox";
    return input;
  }
  input.type = "number";
  input.step = field.kind === "whole" ? "1" : "any";
  if (field.least !== null) input.min = field.least;
  if (field.most !== null) input.max = field.most;
  return input;
}
