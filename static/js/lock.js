// The screen lock. After ten minutes in which nobody touched any of its tabs the page blurs, the server locks the session,
// and the pass phrase opens both again; what was typed stays where it was. While somebody types, the session is kept in
// use. Other tabs are told. Without script "Lock screen" in the header locks, and the server leads to its page.

const own = document.querySelector("script[data-lock]");
const QUIET = 10 * 60 * 1000; // milliseconds
const LOOK = 15 * 1000; // between two looks at the clock: one that stood still while the lid was closed is noticed
const SAY = 60 * 1000; // between two words to the server that somebody types

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("screen") : null;
let touched = Date.now();
let said = Date.now();
let typedIn = null;
let shield = null;

const ask = (address, method, fields) => {
  const options = { method, headers: { Accept: "application/json" } };
  if (method === "POST") {
    options.body = new FormData();
    options.body.set("csrf_token", own.dataset.token);
    for (const [name, value] of Object.entries(fields || {})) options.body.set(name, value);
  }
  return fetch(address, options);
};

const rest = () => [...document.body.children].filter((part) => part !== shield && part.tagName !== "SCRIPT");

const open = () => {
  if (!shield) return;
  shield.close();
  shield.remove();
  shield = null;
  document.body.classList.remove("app-locked");
  for (const part of rest()) part.inert = false;
  touched = Date.now();
};

// What is typed in this page goes with its form: the server keeps it for its sender through the sign-in.
const signIn = () => {
  if (typedIn && typedIn.isConnected) typedIn.requestSubmit();
  else window.location.assign(`${own.dataset.signIn}?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
};

const element = (name, attributes, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
};

const close = () => {
  if (shield) return;
  const problem = element("p", { class: "govuk-error-message", id: "unlock-problem", role: "alert" });
  const field = element("input", {
    class: "govuk-input",
    id: "unlock-phrase",
    type: "password",
    autocomplete: "current-password",
    "aria-describedby": "unlock-problem",
  });
  const button = element("button", { class: "govuk-button", type: "submit" }, "Unlock");
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { class: "govuk-heading-m", id: "unlock-title" }, "Screen locked"),
    element("p", { class: "govuk-body" }, "Nobody used this page for ten minutes. Enter your pass phrase to go on where you were. Nothing you typed is lost."),
    element("label", { class: "govuk-label govuk-label--s", for: "unlock-phrase" }, "Pass phrase"),
    problem,
    field,
    button,
  );
  shield = element("dialog", { class: "app-shield", "aria-labelledby": "unlock-title" }, form);
  shield.addEventListener("cancel", (event) => event.preventDefault()); // Escape opens nothing
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      const answer = await ask(own.dataset.unlock, "POST", { password: field.value });
      field.value = "";
      if (answer.status === 401 || answer.redirected) return signIn();
      const body = await answer.json();
      if (body.locked) problem.textContent = body.message;
      else {
        open();
        tabs?.postMessage("open");
      }
    } catch {
      problem.textContent = "No connection. Try again in a moment.";
    } finally {
      button.disabled = false;
    }
  });
  for (const part of rest()) part.inert = true;
  document.body.classList.add("app-locked");
  document.body.append(shield);
  shield.showModal();
  field.focus();
};

const lock = async () => {
  close(); // first what can be seen; the server may be out of reach
  tabs?.postMessage("lock");
  try {
    await ask(own.dataset.lockAt, "POST");
  } catch {
    // The next look asks again.
  }
};

const look = async () => {
  if (shield || Date.now() - touched < QUIET) return;
  lock();
};

const notice = (event) => {
  if (shield || !event.isTrusted) return;
  touched = Date.now();
  if (event.type !== "input") return;
  typedIn = event.target.form || typedIn;
  if (touched - said < SAY) return;
  said = touched;
  tabs?.postMessage("used");
  ask(own.dataset.inUse, "POST").catch(() => {});
};

const state = async () => {
  try {
    const answer = await ask(own.dataset.state, "GET");
    if (answer.redirected || answer.status === 401) return shield || typedIn ? null : window.location.reload();
    const body = await answer.json();
    if (body.locked) close();
    else if (shield) open();
  } catch {
    // No connection: nothing is known.
  }
  return null;
};

if (own) {
  for (const kind of ["input", "keydown", "pointerdown", "wheel", "touchstart"]) {
    document.addEventListener(kind, notice, { passive: true, capture: true });
  }
  tabs?.addEventListener("message", ({ data }) => {
    if (data === "lock") close();
    else if (data === "open") open();
    else touched = Date.now();
  });
  setInterval(look, LOOK);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    look();
    state();
  });
  // A page that the browser kept whole and shows again by its Back button asks first.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) state();
  });
}
