import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { type Json, messageOf } from '../core/index.ts';
import { type Compiled, ENTRYPOINT } from './compile.ts';

/** What came of asking; everything but `answer` means deny. */
export type Evaluation = { readonly type: 'answer'; readonly result: unknown } | { readonly type: 'timeout' | 'crash' | 'abort'; readonly why: string };

export interface Evaluator extends Disposable {
  evaluate(input: Json, options: { readonly deadlineMs: number; readonly signal: AbortSignal }): Promise<Evaluation>;
}
const Reply = z.union([z.object({ ready: z.literal(true) }), z.object({ result: z.unknown().optional(), error: z.string().optional() })]);

/**
 * Evaluate in a worker thread that stays warm, one question at a time: a deadline then counts one evaluation only. A worker that does
 * not answer in time is ended, and a new one serves the next question. Disposing ends the worker behind the questions that were asked by then.
 */
export function createEvaluator(compiled: Compiled): Evaluator {
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const drop = (): void => {
    void worker?.terminate();
    worker = undefined;
  };
  const turn = async (question: Question): Promise<Evaluation> => {
    if (question.signal.aborted) return { type: 'abort', why: 'cancelled' };
    worker ??= start(compiled);
    const evaluation = await ask(worker, question).catch((cause: unknown): Evaluation => ({ type: 'crash', why: messageOf(cause) }));
    if (evaluation.type !== 'answer') drop();
    return evaluation;
  };
  return {
    evaluate: async (input, options) => {
      const answer = queue.then(() => turn({ input, ...options }));
      queue = answer.catch(() => undefined);
      return answer;
    },
    // What was asked before gets its answer: a judgement that is cut off is a denial.
    [Symbol.dispose]: () => void queue.then(drop),
  };
}

function start({ wasm, data }: Compiled): Worker {
  const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, {
    workerData: { wasm, data, entrypoint: ENTRYPOINT },
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  worker.unref();
  return worker;
}

interface Question {
  readonly input: Json;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Ask a worker that answers nobody else at this time. */
function ask(worker: Worker, { input, deadlineMs, signal }: Question): Promise<Evaluation> {
  return new Promise((resolve) => {
    const end = (evaluation: Evaluation): void => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', crashed).off('exit', exited);
      signal.removeEventListener('abort', aborted);
      resolve(evaluation);
    };
    const answered = (message: unknown): void => {
      const reply = Reply.safeParse(message);
      if (!reply.success) return end({ type: 'crash', why: 'an answer that is no answer' });
      if ('ready' in reply.data) return;
      end(reply.data.error === undefined ? { type: 'answer', result: reply.data.result } : { type: 'crash', why: reply.data.error });
    };
    const crashed = (cause: unknown): void => end({ type: 'crash', why: messageOf(cause) });
    const exited = (): void => end({ type: 'crash', why: 'the evaluation ended without an answer' });
    const aborted = (): void => end({ type: 'abort', why: 'cancelled' });
    // The deadline counts the start of a cold worker too: a judgement that is late is no judgement.
    const timer = setTimeout(() => end({ type: 'timeout', why: `no decision within ${deadlineMs} ms` }), deadlineMs);
    worker.on('message', answered).on('error', crashed).on('exit', exited);
    signal.addEventListener('abort', aborted, { once: true });
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(input)).slice().buffer; // what the worker hands on as it is; a clone of a large plan takes far longer
      worker.postMessage({ input: bytes }, [bytes]);
    } catch (cause) {
      crashed(cause);
    }
  });
}
