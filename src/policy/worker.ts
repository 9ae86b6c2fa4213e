import { parentPort, workerData } from 'node:worker_threads';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { z } from 'zod';

const Start = z.object({ wasm: z.instanceof(Uint8Array), data: z.string(), entrypoint: z.string() });
/** Bytes of JSON, as the compiled policy reads them. */
const Question = z.object({ input: z.instanceof(ArrayBuffer) });

/** Of 64 KiB: 1 GiB. A policy that wants more fails, and does not take the process with it. */
const MOST_PAGES = 16_384;
const { wasm, data, entrypoint } = Start.parse(workerData);
// A copy of its own: the SDK wants an ArrayBuffer, not a view of a shared one.
const policy = await loadPolicy(wasm.slice().buffer, { initial: 5, maximum: MOST_PAGES });
policy.setData(JSON.parse(data) as object);

parentPort?.on('message', (message: unknown) => {
  const { input } = Question.parse(message);
  try {
    parentPort?.postMessage({ result: policy.evaluate(input, entrypoint) as unknown });
  } catch (thrown) {
    // The SDK throws strings and plain objects as well as errors.
    parentPort?.postMessage({ error: thrown instanceof Error ? thrown.message : JSON.stringify(thrown) });
  }
});
parentPort?.postMessage({ ready: true });
