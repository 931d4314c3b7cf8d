// The live meeting: notes are saved while they are typed, and the page says when the meeting has moved.
// Without script the note's button saves it and a link looks again. Nothing typed is kept in the browser.

const own = document.querySelector("script[src*='js/live.js']");
const PAUSE = 2500; // milliseconds without a key before a note is saved
const LOOK = 10000; // between two looks whether the meeting moved
const EVERY = 240000; // a note typed on and on is recorded as left at least this often

const form = document.querySelector("form[data-notes]");
const box = document.querySelector("[data-note-form]");

const keepNotes = () => {
  const said = box.querySelector("[data-note-state]");
  const strip = document.querySelector("[data-text-state]");
  const field = (name) => form.elements[name];
  let timer = null;
  let saving = null;
  let waiting = false;
  let left = Date.now();

  const tell = (text) => {
    said.textContent = text;
    if (strip) strip.textContent = text;
  };
  const typed = () => field("speaker").value.trim() && field("note").value.trim();

  const send = async (typing) => {
    const data = new FormData(form);
    if (typing) data.set("typing", "1");
    const answer = await fetch(form.dataset.notes, { method: "POST", body: data, headers: { Accept: "application/json" } });
    const kind = answer.headers.get("Content-Type") || "";
    if (answer.redirected || !kind.includes("json")) throw new Error("not saved");
    const body = await answer.json();
    if (answer.status === 409) return tell("Two texts to settle: press Save the note to see both");
    if (!answer.ok) return tell("Not saved: press Save the note to see why");
    field("note_id").value = body.id;
    field("note_version").value = body.version;
    document.getElementById("notes").outerHTML = body.notes;
    tell(`Saved ${new Date().toLocaleTimeString("en-GB", { timeZone: "Europe/London" })}`);
    if (!typing) left = Date.now();
    return body;
  };

  const save = async (typing) => {
    clearTimeout(timer);
    timer = null;
    if (!waiting || !typed()) return null;
    waiting = false;
    tell("Saving");
    try {
      return await (saving = send(typing && Date.now() - left < EVERY));
    } catch {
      waiting = true;
      tell("Not saved, no connection. What you typed is still here.");
      return null;
    } finally {
      saving = null;
    }
  };

  const next = (body) => {
    for (const name of ["speaker", "speaker_agency", "note", "note_id", "note_version", "note_conditions"]) field(name).value = "";
    field("note_handling").selectedIndex = 0;
    for (const tick of box.querySelectorAll("[name=note_readers]")) tick.checked = false;
    if (body) field("note_once").value = body.once;
    field("speaker").focus();
  };

  box.addEventListener("input", (event) => {
    event.stopPropagation(); // a saved note is no reason to ask before the page is left
    waiting = true;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (saving) await saving.catch(() => {});
      await save(true);
    }, PAUSE);
  });
  box.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) save(false);
  });
  box.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    if (saving) await saving.catch(() => {});
    waiting = true;
    const body = await save(false);
    if (body && body.id) next(body);
  });

  // A note in flight is waited for, so that it is not saved a second time by the button that follows.
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    if (!saving) return;
    event.preventDefault();
    const { submitter } = event;
    await saving.catch(() => {});
    form.requestSubmit(submitter);
  });
  window.addEventListener("beforeunload", (event) => {
    if (waiting && typed()) event.preventDefault();
  });
};

const follow = () => {
  const typing = () => form && document.activeElement && form.contains(document.activeElement);
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    const note = document.createElement("p");
    note.className = "app-moved";
    note.setAttribute("role", "status");
    note.append("The meeting has moved on. ");
    const link = document.createElement("a");
    link.href = own.dataset.state.replace(/\/state$/, "");
    link.textContent = "Go along";
    note.append(link);
    document.body.append(note);
  };
  const look = async () => {
    try {
      const answer = await fetch(own.dataset.state, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const state = await answer.json();
      if (state.item !== own.dataset.item) {
        if (form || typing()) tell();
        else window.location.assign(own.dataset.state.replace(/\/state$/, ""));
      }
    } catch {
      // No connection: the next look may have one.
    }
  };
  setInterval(() => {
    if (!document.hidden) look();
  }, LOOK);
};

if (form && box) keepNotes();
if (own && own.dataset.state) follow();
