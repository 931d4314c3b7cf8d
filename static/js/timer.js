// The clock of the item being heard. The page already says when it began and how long is planned; this keeps it moving.
//   <div data-timer data-started="2026-11-19T14:29:05Z" data-planned="900" data-now="2026-11-19T14:37:17Z">
//     <span data-timer-elapsed></span> <progress data-timer-bar></progress> <span data-timer-left></span>
//     <span data-timer-spoken role="status"></span>
//   </div>
// The server's clock counts, not this machine's: data-now is the instant at which the page was made.
// It speaks when five minutes are left, one minute, and at the end; it makes no sound.

const SPOKEN = [
  [300, "5 minutes left on this item"],
  [60, "1 minute left on this item"],
  [0, "Time for this item is up"],
];

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

const start = (timer) => {
  const part = (name) => timer.querySelector(`[data-timer-${name}]`);
  const planned = Number(timer.dataset.planned);
  const before = (Date.parse(timer.dataset.now) - Date.parse(timer.dataset.started)) / 1000;
  const shown = performance.now();
  const elapsed = () => before + (performance.now() - shown) / 1000;
  const said = new Set(SPOKEN.filter(([left]) => planned - before < left).map(([left]) => left));

  const tick = () => {
    const gone = elapsed();
    const left = planned - gone;
    part("elapsed").textContent = clock(gone).padStart(5, "0");
    part("left").textContent = left >= 0 ? `${clock(left)} left` : `over by ${clock(-left)}`;
    const bar = part("bar");
    bar.value = Math.min(gone, planned);
    bar.classList.toggle("app-meter--soon", gone >= planned * 0.8 && left >= 0);
    bar.classList.toggle("app-meter--late", left < 0);
    for (const [at, words] of SPOKEN) {
      if (left <= at && !said.has(at)) {
        said.add(at);
        part("spoken").textContent = words;
      }
    }
  };
  tick();
  setInterval(tick, 1000);
};

document.querySelectorAll("[data-timer]").forEach(start);
