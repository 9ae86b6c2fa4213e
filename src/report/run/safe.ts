import type { EventBody, StepResult } from '../../engine/index.ts';
import { clean } from '../clean.ts';

/**
 * An event whose words for people are safe to show: steps and machines wrote them, and they must not move the cursor,
 * reorder text, or start a new line. Outputs are data and stay as they are.
 */
export function safeBody(body: EventBody): EventBody {
  const safe: Record<string, unknown> = { ...body };
  for (const name of ['reason', 'hint', 'message'] as const) {
    const text = safe[name];
    if (typeof text === 'string') safe[name] = clean(text);
  }
  if ((body.type === 'stepFinished' || body.type === 'stepProbed') && body.result !== undefined) safe['result'] = safeResult(body.result);
  return safe as EventBody; // the same members, with other text in some
}

function safeResult(result: StepResult): StepResult {
  if (!('error' in result)) return result.summary === undefined ? result : { ...result, summary: clean(result.summary) };
  const { code, message, hint, retry } = result.error;
  return { ...result, error: { code: clean(code), message: clean(message), retry, ...(hint === undefined ? {} : { hint: clean(hint) }) } };
}
