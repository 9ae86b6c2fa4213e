export { type OnWindows, readOnWindows, writeOnWindows } from './files.ts';
export { runPowerShell } from './run.ts';
