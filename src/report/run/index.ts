export { runReport } from './fold.ts';
export { runJson } from './json.ts';
export { type Live, liveLines, startLive } from './live.ts';
export { runMarkdown } from './markdown.ts';
export { reportOf, runText, summaryText, type TextOptions } from './text.ts';
export type { Facts, PhaseReport, RollbackReport, RunReport, TaskReport } from './types.ts';
export { colourStyle, plainStyle, runWords, type Style } from './words.ts';
export { boardWords } from './host-board.ts';
