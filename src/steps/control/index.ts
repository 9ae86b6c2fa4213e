import type { AnyKind } from '../kind.ts';
import { runbookCall } from './call.ts';
import { approval, manual } from './gate.ts';
import { pause } from './pause.ts';
import { switchKind } from './switch.ts';
import { waitSignal } from './wait-signal.ts';
import { waitUntil } from './wait-until.ts';

export { approval, manual, pause, runbookCall, switchKind, waitSignal, waitUntil };

/** Kinds that only wait: pure as a whole, so that they also run where no effect may. */
export const controlKinds: readonly AnyKind[] = [approval, manual, pause, runbookCall, switchKind, waitSignal, waitUntil];
