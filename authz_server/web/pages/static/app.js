// What makes the pages nicer where scripts run. Everything works without it, but copying.

const body = document.body;
const served = Number(body.dataset.now) * 1000;
const loaded = performance.now();
const now = () => served + performance.now() - loaded; // the server's clock: the reader's may be wrong
const csrf = body.dataset.csrfToken;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// One live region says what happens without a page being loaded.
const live = element("p", { class: "hidden", role: "status" });
body.append(live);
function announce(sentence) {
  live.textContent = "";
  setTimeout(() => { live.textContent = sentence; }, 50); // the same words twice are said twice
}

// --- What is of use only where scripts run ---

for (const template of document.querySelectorAll("template[data-scripted]")) template.replaceWith(template.content);

// --- Times: in the reader's zone; the exact UTC stays in the title. ---

const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) time.textContent = zoned.format(new Date(time.dateTime));
}

// --- Badges: as `words.py` says it, while time goes by. ---

const MINUTE = 60, HOUR = 3600, DAY = 86400, YEAR = 365 * DAY;
const LABELS = { valid: "Valid", expiring_soon: "Expiring Soon", expired: "Expired" };

export function duration(seconds) {
  const counted = (number, one) => `${number.toLocaleString("en-US")} ${one}${number === 1 ? "" : "s"}`;
  if (seconds < MINUTE) return "less than a minute";
  if (seconds < 2 * HOUR) return counted(Math.floor(seconds / MINUTE), "minute");
  if (seconds < 2 * DAY) return counted(Math.floor(seconds / HOUR + 0.5), "hour");
  if (seconds < 2 * YEAR) return counted(Math.floor(seconds / DAY + 0.5), "day");
  return counted(Math.floor(seconds / YEAR + 0.5), "year");
}

export function stateAt(left) {
  if (left <= 0) return ["expired", `${duration(-left)} ago, `, "; rotate it to let callers in"];
  if (left <= DAY) return ["expiring_soon", `in ${duration(left)}; rotate it before `, ""];
  return ["valid", `${duration(left)} left, until `, ""];
}

function refreshBadges() {
  let next = 3600;
  for (const shown of document.querySelectorAll(".state[data-expires-at]")) {
    const left = (Date.parse(shown.dataset.expiresAt) - now()) / 1000;
    const [state, before, after] = stateAt(left);
    const badge = shown.querySelector(".badge");
    if (state !== shown.dataset.state) {
      shown.dataset.state = state;
      badge.className = `badge badge-${state}`;
      badge.textContent = LABELS[state];
      announce(`A credential is now: ${LABELS[state]}`);
    }
    const [first, last] = [shown.querySelector("[data-before]"), shown.querySelector("[data-after]")];
    if (first) { first.textContent = before; last.textContent = after; }
    for (const moment of [left - DAY, left]) if (moment > 0) next = Math.min(next, moment);
    next = Math.min(next, Math.abs(left) < 2 * HOUR ? MINUTE : HOUR);
  }
  setTimeout(refreshBadges, Math.max(250, next * 1000 + 50));
}

// --- Copying ---

let unsaved = document.querySelector("[data-shown-once]") !== null;

async function copy(button) {
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).value;
  const label = button.querySelector("span");
  const done = button.querySelector(".said");
  try {
    await navigator.clipboard.writeText(text); // there is none over plain HTTP to another host
  } catch {
    select(button, text);
    announce("Selected. Press Ctrl+C or Command+C to copy it.");
    return;
  }
  if (button.closest("[data-shown-once]")) unsaved = false;
  const show = (copied) => {
    label.classList.toggle("hidden", copied); // the button keeps its name
    done.hidden = !copied;
    done.textContent = copied ? "Copied" : "";
    button.classList.toggle("done", copied);
  };
  show(true);
  announce(`${label.textContent}: copied`);
  clearTimeout(button.back);
  button.back = setTimeout(() => show(false), 2000);
}

function select(button, text) {
  const field = element("textarea", { class: "selected", readonly: "", rows: "2", "aria-label": "Text to copy" }, text);
  button.parentElement.querySelector(".selected")?.remove();
  button.after(field);
  field.focus();
  field.select();
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.append(element("span", { class: "said", "aria-hidden": "true", hidden: "" }));
  button.addEventListener("click", () => copy(button));
}

// --- Show and hide ---

for (const button of document.querySelectorAll("button[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shows = field.type === "password";
    field.type = shows ? "text" : "password";
    button.querySelector("span").textContent = shows ? "Hide credentials" : "Show credentials";
  });
}

// --- A password that nobody guesses: 120 random bits, without letters that look like others ---

for (const button of document.querySelectorAll("button[data-suggests]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.suggests);
    const letters = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte % 32]);
    field.type = "text"; // whoever makes it has to hand it over
    field.value = letters.join("").replace(/.{6}(?=.)/g, "$&-");
    field.focus();
    field.select();
  });
}

// --- Leaving a page that shows something for the only time ---

if (unsaved) {
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  const dialog = element("dialog", { "aria-labelledby": "leave-title" },
    element("h2", { id: "leave-title" }, "Have you copied it?"),
    element("p", {}, "The credential is shown only this once. Without it, a new one has to be made."));
  const stay = element("button", { class: "button primary", type: "button" }, "Stay here");
  const leave = element("button", { class: "button", type: "button" }, "Leave without it");
  dialog.append(element("div", { class: "actions" }, stay, leave));
  body.append(dialog);
  let goOn = () => {};
  stay.addEventListener("click", () => dialog.close());
  leave.addEventListener("click", () => { unsaved = false; dialog.close(); goOn(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target;
    if (!unsaved || !link || elsewhere || link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    goOn = () => { location.href = link.href; };
    dialog.showModal();
  });
  document.addEventListener("submit", (event) => {
    if (!unsaved) return;
    event.preventDefault();
    const { target, submitter } = event;
    goOn = () => target.requestSubmit(submitter);
    dialog.showModal();
  });
}

// --- The session: who is about to be signed out is asked (WCAG 2.2, 2.2.1) ---

const IDLE = 30 * MINUTE, WARN_BEFORE = 2 * MINUTE;
if ("signedIn" in body.dataset) {
  const warning = element("div", { class: "timeout", role: "alert" });
  const warn = () => {
    const stay = element("button", { class: "button", type: "button" }, "Stay signed in");
    stay.addEventListener("click", async () => {
      const answer = await fetch("/session", { method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded" } });
      warning.replaceChildren();
      warning.remove();
      if (answer.ok) setTimeout(warn, (IDLE - WARN_BEFORE) * 1000);
      else location.reload();
    });
    body.append(warning);
    warning.replaceChildren("You will be signed out in two minutes.", stay);
  };
  setTimeout(warn, (IDLE - WARN_BEFORE) * 1000);
}

// --- Fields that are checked as they are typed into, by the server's own rules ---

for (const field of document.querySelectorAll("[data-check]")) {
  const error = element("p", { class: "error", id: `${field.id}-typed`, role: "status" });
  field.after(error);
  field.setAttribute("aria-describedby", `${error.id} ${field.getAttribute("aria-describedby") ?? ""}`);
  let timer, asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const answer = await fetch(field.dataset.check, {
        method: "POST",
        headers: { "X-CSRF-Token": csrf },
        body: new URLSearchParams({ [field.name]: field.value }),
      });
      if (!answer.ok || mine !== asked) return;
      const { errors } = await answer.json();
      error.textContent = errors.join("\n");
      field.closest(".field").classList.toggle("wrong", errors.length > 0);
      field.setAttribute("aria-invalid", String(errors.length > 0));
      document.getElementById(`${field.id}-error`)?.remove(); // what the server said of what stood here before
    }, 250);
  });
}

// --- Chips: the usual values of a field, to click ---

for (const field of document.querySelectorAll("input[data-chips]")) {
  const row = element("div", { class: "chips", role: "group", "aria-label": field.dataset.chipsLabel });
  const chosen = () => field.value.split(/[\s,]+/).filter(Boolean);
  const chips = field.dataset.chips.split(" ").map((name) => {
    const chip = element("button", { class: "chip", type: "button" }, name);
    chip.addEventListener("click", () => {
      const values = chosen();
      const without = values.filter((value) => value !== name);
      field.value = (name === "all" ? [] : without.length < values.length ? without : [...values, name]).join(", ");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    row.append(chip);
    return chip;
  });
  const mark = () => {
    const values = chosen();
    for (const chip of chips) {
      const isOn = chip.textContent === "all" ? values.length === 0 : values.includes(chip.textContent);
      chip.setAttribute("aria-pressed", String(isOn));
    }
  };
  field.addEventListener("input", mark);
  field.after(row);
  mark();
}

// --- Presets: buttons that fill a field ---

for (const button of document.querySelectorAll("button[data-fills]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.fills);
    field.value = button.dataset.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// --- Switches: a box whose form is sent when it is clicked, once it has been seen to move ---

for (const box of document.querySelectorAll("input[data-sends]")) {
  box.addEventListener("change", () => setTimeout(() => box.form.requestSubmit(), 150));
}

// --- What would be, counted from now on ---

function refreshPlans() {
  for (const plan of document.querySelectorAll("[data-seconds]")) {
    const time = plan.querySelector("time");
    time.dateTime = new Date(now() + plan.dataset.seconds * 1000).toISOString();
    time.title = `${time.dateTime.slice(0, 19).replace("T", " ")} UTC`;
  }
  localize(document);
}

setInterval(refreshPlans, MINUTE * 1000);
refreshPlans();
refreshBadges();
