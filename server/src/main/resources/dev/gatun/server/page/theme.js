// Sets the chosen theme before anything is drawn, so that a dark page does not flash white. Classic: it must block.
document.documentElement.dataset.theme = (() => {
  try {
    return localStorage.getItem('gatun.theme') ?? 'auto';
  } catch {
    return 'auto'; // storage is forbidden
  }
})();
