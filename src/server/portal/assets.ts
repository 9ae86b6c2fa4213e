/** The style of the portal; there is no other. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8886; --good: #17693b; --bad: #a11d2a; --warn: #7a4d00; --soft: #8882; }
@media (prefers-color-scheme: dark) { :root { --good: #5fd08d; --bad: #ff8d97; --warn: #ffc663; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0.75rem 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; border-bottom: 1px solid var(--line); }
header nav ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; margin: 0; padding: 0; }
header form { margin-left: auto; }
a[aria-current] { font-weight: 700; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: Canvas; padding: 0.5rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 1.5rem 0 0.5rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); }
td, dd { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid var(--line); font-size: 0.85rem; }
label { display: block; font-weight: 600; margin-top: 0.75rem; }
input, select, textarea { font: inherit; width: 100%; max-width: 36rem; padding: 0.3rem; }
button { font: inherit; padding: 0.35rem 0.9rem; margin: 0.75rem 0.5rem 0 0; cursor: pointer; }
.hint { font-size: 0.9rem; margin: 0; }
.error, .bad { color: var(--bad); }
.good { color: var(--good); }
.warn { color: var(--warn); }
.notice { border-left: 4px solid var(--warn); padding: 0.5rem 0.75rem; background: var(--soft); }
.alert { border-left: 4px solid var(--bad); padding: 0.5rem 0.75rem; background: var(--soft); }
.inline { display: inline-block; margin-right: 1rem; }
img { max-width: 100%; height: auto; }
`;

/** Two hulls on a slip: one goes, one comes. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 5h10l4 3H5zM15 11H5L1 8h10z" fill="#17693b"/></svg>`;

/**
 * Keeps the page of a run up to date where scripts run: when an event comes, the page is loaded again and the part that lives is taken over.
 * The words are made by the server alone, escaped as ever. Nobody is interrupted who is filling in a form.
 */
export const LIVE = `
'use strict';
(() => {
  const live = document.getElementById('live');
  if (!live || !window.EventSource || live.dataset.over === 'true') return;
  const policy = window.trustedTypes ? window.trustedTypes.createPolicy('slipway', { createHTML: (text) => text }) : { createHTML: (text) => text };
  const source = new EventSource('/v1/runs/' + encodeURIComponent(live.dataset.run) + '/events?after=' + encodeURIComponent(live.dataset.seq));
  let waiting = false;
  const isBusy = () => live.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  const show = async () => {
    waiting = false;
    if (isBusy()) return later(2000);
    const answer = await fetch(location.pathname, { headers: { accept: 'text/html' } });
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(policy.createHTML(await answer.text()), 'text/html').getElementById('live');
    if (!next) return;
    live.replaceChildren(...next.childNodes);
    Object.assign(live.dataset, { seq: next.dataset.seq, over: next.dataset.over });
    const status = document.getElementById('status');
    if (status && status.textContent !== next.dataset.state) status.textContent = next.dataset.state;
    if (next.dataset.over === 'true') source.close();
  };
  const later = (ms) => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => show().catch(() => later(5000)), ms);
  };
  source.onopen = () => live.setAttribute('data-connected', 'true');
  for (const type of live.dataset.events.split(' ')) source.addEventListener(type, () => later(250));
  source.onerror = () => later(3000);
})();
`;
