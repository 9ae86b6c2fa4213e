import type { RehearsalOptions } from '../app/index.ts';
import { EXIT, parseDuration, SlipwayError } from '../core/index.ts';
import type { Args } from './args.ts';
import type { Option } from './types.ts';

/** What a rehearsal can be made to suffer. */
export const REHEARSAL_OPTIONS = {
  fail: { about: 'path or id of a step that is made to fail', type: 'text', many: true },
  drift: { about: 'stack whose resources are changed behind our back', type: 'text', many: true },
  slow: { about: 'side=time: answers of baseline or candidate take so much longer, for example candidate=40ms', type: 'text', many: true },
} as const satisfies { readonly [name: string]: Option };

/** @throws {SlipwayError} `BAD_SLOW` for a side or a time that there is not. */
export function rehearsalOptions(args: Args): RehearsalOptions {
  const slow: { baseline?: number; candidate?: number } = {};
  for (const pair of args.all('slow')) {
    const [side, time = ''] = pair.split('=', 2);
    const ms = parseDuration(/^\d+$/.test(time) ? `${time}ms` : time);
    if ((side !== 'baseline' && side !== 'candidate') || ms === undefined) {
      throw new SlipwayError('BAD_SLOW', `--slow "${pair}" is not a side and a time`, { hint: 'write candidate=40ms or baseline=1s', exitCode: EXIT.usage });
    }
    slow[side] = ms;
  }
  return { fail: args.all('fail'), drift: args.all('drift'), slow };
}
