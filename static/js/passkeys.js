// Passkeys: asks the server what to ask the browser, the browser for the answer, and sends it with the page's own form.
//   <form data-passkey="use|new" data-options="ADDRESS"> <input type="hidden" name="csrf_token"> <button data-passkey-button hidden>
// Without script, or in a browser without passkeys, the page says so and offers its other ways.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

const make = async (options) => {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
    },
    clientExtensionResults: {},
  };
};

const use = async (options) => {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const used = await navigator.credentials.get({ publicKey });
  const { response } = used;
  return {
    id: used.id,
    rawId: text(used.rawId),
    type: used.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
    clientExtensionResults: {},
  };
};

const WHY = {
  NotAllowedError: "It was stopped, or took too long. Try again.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "Passkeys work only at this service's own address. Open it by its name, not by a number.",
};

const wake = (form) => {
  const button = form.querySelector("[data-passkey-button]");
  const said = form.querySelector("[data-passkey-said]");
  form.querySelector("[data-passkey-missing]").hidden = true;
  button.hidden = false;

  form.addEventListener("submit", async (event) => {
    if (form.elements.credential) return; // the answer is in: let it go
    event.preventDefault();
    button.disabled = true;
    said.hidden = true;
    try {
      const isNew = form.dataset.passkey === "new";
      const data = new FormData();
      data.set("csrf_token", form.elements.csrf_token.value);
      data.set("purpose", isNew ? "set-up" : "use");
      const answer = await fetch(form.dataset.options, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error("no options");
      const options = await answer.json();
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "credential";
      field.value = JSON.stringify(await (isNew ? make(options) : use(options)));
      form.append(field);
      form.requestSubmit();
    } catch (problem) {
      said.textContent = WHY[problem.name] || "That did not work. Reload the page and try again.";
      said.hidden = false;
      button.disabled = false;
    }
  });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if ("credentials" in navigator && "PublicKeyCredential" in window) wake(form);
  else form.querySelector("[data-passkey-missing]").textContent = "This browser cannot use passkeys. Use another way.";
}
