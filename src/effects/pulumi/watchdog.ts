import { workerData } from 'node:worker_threads';
import { signalSession } from './session.ts';

// A thread of the child. When the parent is gone and the main thread does not end by itself in time (a program may
// loop for ever), nothing of the child's session survives.
const { parent, graceMs } = workerData as { parent: number; graceMs: number }; // given by child.ts
const CHECK_MS = 500;
const timer = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(timer);
  setTimeout(() => signalSession(process.pid, 'SIGKILL'), graceMs);
}, CHECK_MS);
