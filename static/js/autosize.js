// A text area grows with what is typed in it, where the browser cannot do so by style alone.

if (!CSS.supports("field-sizing", "content")) {
  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  };
  for (const area of document.querySelectorAll("textarea")) {
    fit(area);
    area.addEventListener("input", () => fit(area));
  }
}
