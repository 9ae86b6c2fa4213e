export { runbookCall } from './call.ts';
export { approval, manual } from './gate.ts';
export { pause } from './pause.ts';
export { switchKind } from './switch.ts';
export { waitSignal } from './wait-signal.ts';
export { waitUntil } from './wait-until.ts';
