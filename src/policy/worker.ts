import { parentPort, workerData } from 'node:worker_threads';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { z } from 'zod';

const Start = z.object({ wasm: z.instanceof(Uint8Array), data: z.string(), entrypoint: z.string() });
const Question = z.object({ input: z.unknown() });

const { wasm, data, entrypoint } = Start.parse(workerData);
// A copy of its own: the SDK wants an ArrayBuffer, not a view of a shared one.
const policy = await loadPolicy(wasm.slice().buffer);
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
