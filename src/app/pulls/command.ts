import { didYouMean, PATTERN } from '../../core/index.ts';
import { clean } from '../../core/index.ts';

export const VERBS = ['plan', 'apply', 'approve', 'reject', 'allow', 'rollback', 'cancel', 'unlock', 'release', 'help'] as const;
export type Verb = (typeof VERBS)[number];

/** What a comment asks for. */
export interface Command {
  readonly verb: Verb;
  readonly runbook?: string;
  readonly phase?: string;
  /** Full id of the commit that `allow` is about. */
  readonly commit?: string;
}
export type ParsedCommand = { readonly command: Command } | { readonly wrong: string; readonly hint: string };

/** A line longer than this is no command. */
const MOST_CHARS = 500;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const OPTIONS: { readonly [option: string]: 'runbook' | 'phase' } = { '-r': 'runbook', '--runbook': 'runbook', '-p': 'phase', '--phase': 'phase' };
/** Commands that are about one phase of a run. */
const WITH_PHASE: readonly Verb[] = ['approve', 'reject'];

/** Read the first line of a comment. Undefined when it does not speak to Slipway: then nobody answers. */
export function parseCommand(body: string): ParsedCommand | undefined {
  const line = (/^[^\r\n]*/.exec(body)?.[0] ?? '').trim();
  if (!/^slipway(?:\s|$)/.test(line) || line.length > MOST_CHARS) return undefined;
  const [, word = 'help', ...rest] = line.split(/\s+/);
  const verb = VERBS.find((each) => each === word);
  if (!verb) {
    const near = didYouMean(word, VERBS);
    return { wrong: `there is no command ${shown(word)}`, hint: near ? `did you mean "slipway ${near}"?` : `there are ${VERBS.join(', ')}` };
  }
  return verb === 'help' ? { command: { verb } } : readArguments(verb, rest);
}

function readArguments(verb: Verb, words: readonly string[]): ParsedCommand {
  const found: { runbook?: string; phase?: string; commit?: string } = {};
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const key = OPTIONS[word];
    const value = key ? words[++index] : word;
    const wrong = key ? wrongName(key, value) : wrongCommit(verb, word);
    if (wrong !== undefined) return { wrong, hint: usageOf(verb) };
    const name = key ?? 'commit';
    if (found[name] !== undefined) return { wrong: `${name} is given twice`, hint: usageOf(verb) };
    found[name] = value ?? '';
  }
  if (verb === 'allow' && found.commit === undefined) return { wrong: 'which commit is meant is not said', hint: usageOf(verb) };
  if (found.phase !== undefined && !WITH_PHASE.includes(verb)) return { wrong: `"${verb}" is about no phase`, hint: usageOf(verb) };
  return { command: { verb, ...found } };
}

function wrongName(key: string, value: string | undefined): string | undefined {
  if (value === undefined) return `the name of a ${key} is missing`;
  return PATTERN.id.test(value) ? undefined : `${shown(value)} is not the name of a ${key}`;
}

function wrongCommit(verb: Verb, word: string): string | undefined {
  if (verb !== 'allow') return `${shown(word)} says nothing here`;
  return COMMIT.test(word) ? undefined : `${shown(word)} is not the full id of a commit`;
}

/** How a command is written. */
export function usageOf(verb: Verb): string {
  if (verb === 'allow') return 'write: slipway allow <full id of the head commit>';
  const phase = WITH_PHASE.includes(verb) ? ' [-p <phase>]' : '';
  return `write: slipway ${verb} [-r <runbook>]${phase}`;
}

function shown(word: string): string {
  return JSON.stringify(clean(word).slice(0, 60));
}
