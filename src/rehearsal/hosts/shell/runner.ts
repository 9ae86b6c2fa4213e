import { type Command, commandNamed } from '../commands/index.ts';
import { FileFault } from '../files.ts';
import { type Capture, expandText, expandWords } from './expand.ts';
import { type Part, Unsupported } from './lexer.ts';
import { type Node, parseScript, type Redirect } from './parser.ts';
import { inputOf, type Process, ShellExit } from './process.ts';
import { openRedirects } from './redirects.ts';

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;

/** Play a script. @returns its exit code. A script the small shell cannot read is noted, and succeeds without an effect. */
export async function playScript(script: string, process: Process): Promise<number> {
  let node: Node;
  try {
    node = parseScript(script);
  } catch (thrown) {
    if (!(thrown instanceof Unsupported)) throw thrown;
    return wouldRun(script, process);
  }
  try {
    return await run(node, process);
  } catch (thrown) {
    if (thrown instanceof ShellExit) return thrown.code;
    throw thrown;
  }
}

function wouldRun(text: string, process: Process): number {
  process.machine.note('command', { user: process.user, command: text.trim() });
  process.out(`(rehearsal) would run: ${text.trim().split('\n', 1)[0] ?? ''}\n`);
  return 0;
}

/** What a script prints. */
const capture: Capture = async (script, process) => {
  const printed: Buffer[] = [];
  const inside: Process = { ...process, vars: new Map(process.vars), out: (bytes) => printed.push(Buffer.from(bytes)) };
  process.status = await playScript(script, inside);
  return Buffer.concat(printed).toString('utf8');
};

async function run(node: Node, process: Process): Promise<number> {
  process.signal.throwIfAborted();
  process.status = await runNode(node, process);
  const isCommand = node.type === 'simple' || node.type === 'pipe';
  if (process.status !== 0 && isCommand && process.options.errexit) throw new ShellExit(process.status);
  return process.status;
}

async function runNode(node: Node, process: Process): Promise<number> {
  switch (node.type) {
    case 'list':
      return runList(node.items, process);
    case 'and':
    case 'or': {
      const left = await tested(node.left, process);
      return (left === 0) === (node.type === 'and') ? run(node.right, process) : left;
    }
    case 'not':
      return (await tested(node.body, process)) === 0 ? 1 : 0;
    case 'if': {
      if ((await tested(node.test, process)) === 0) return run(node.then, process);
      return node.otherwise ? run(node.otherwise, process) : 0;
    }
    case 'group':
      return withRedirects(node.redirects, process, (inside) => (node.isSubshell ? inSubshell(node.body, childOf(inside)) : run(node.body, inside)));
    case 'pipe':
      return runPipe(node.parts, process);
    case 'simple':
      return runSimple(node, process);
  }
}

async function runList(items: readonly Node[], process: Process): Promise<number> {
  let status = 0;
  for (const item of items) status = await run(item, process);
  return status;
}

/** Run with `set -e` off: the exit code is looked at. */
async function tested(node: Node, process: Process): Promise<number> {
  const { errexit } = process.options;
  process.options.errexit = false;
  try {
    return await run(node, process);
  } finally {
    process.options.errexit = errexit;
  }
}

async function runPipe(parts: readonly Node[], process: Process): Promise<number> {
  let status = 0;
  let input = process.stdin;
  for (const [index, part] of parts.entries()) {
    const printed: Buffer[] = [];
    const isLast = index === parts.length - 1;
    const inside: Process = {
      ...childOf(process),
      stdin: input,
      ...(isLast ? {} : { out: (bytes: Buffer | string) => printed.push(Buffer.from(bytes)) }),
    };
    status = await inSubshell(part, inside);
    input = inputOf(Buffer.concat(printed));
  }
  return status;
}

/** A shell of its own: what it changes in itself is forgotten. */
function childOf(process: Process): Process {
  return { ...process, vars: new Map(process.vars), options: { ...process.options } };
}

async function inSubshell(node: Node, process: Process): Promise<number> {
  try {
    return await run(node, process);
  } catch (thrown) {
    if (thrown instanceof ShellExit) return thrown.code;
    throw thrown;
  }
}

async function runSimple(node: Node & { readonly type: 'simple' }, process: Process): Promise<number> {
  const assigned: (readonly [string, string])[] = [];
  let rest = node.words;
  for (let match = assignmentIn(rest[0]); match; match = assignmentIn(rest[0])) {
    const text = await expandText(rest[0] ?? [], process, capture);
    assigned.push([match, text.slice(match.length + 1)]);
    rest = rest.slice(1);
  }
  const words = await expandWords(rest, process, capture);
  const inside: Process = words.length === 0 ? process : { ...process, vars: new Map(process.vars) };
  for (const [name, value] of assigned) inside.vars.set(name, value);
  if (words.length === 0) return withRedirects(node.redirects, process, () => Promise.resolve(0));
  const command = commandNamed(words[0] ?? '');
  // A command that changes the shell itself, such as cd, must act on the process it was given.
  const actor = command?.changesShell ? process : assigned.length > 0 ? inside : process;
  return withRedirects(node.redirects, actor, (redirected) => invoke({ command, words, text: node.text }, redirected, actor));
}

interface Invocation {
  readonly command: Command | undefined;
  readonly words: readonly string[];
  /** As written, for what is only noted: values may be secret. */
  readonly text: string;
}

async function invoke({ command, words, text }: Invocation, process: Process, shell: Process): Promise<number> {
  if (!command) return wouldRun(text, process);
  const again = (others: readonly string[], inside: Process): Promise<number> =>
    invoke({ command: commandNamed(others[0] ?? ''), words: others, text }, inside, inside);
  try {
    return await command.run(words.slice(1), process, { shell, play: playScript, invoke: again, isKnown: (name) => commandNamed(name) !== undefined });
  } catch (thrown) {
    if (!(thrown instanceof FileFault)) throw thrown;
    process.err(`${words[0]}: ${thrown.message}\n`);
    return 1;
  }
}

function assignmentIn(word: readonly Part[] | undefined): string | undefined {
  const first = word?.[0];
  return first?.type === 'text' && !first.quoted ? ASSIGNMENT.exec(first.text)?.[1] : undefined;
}

async function withRedirects(redirects: readonly Redirect[], process: Process, act: (process: Process) => Promise<number>): Promise<number> {
  if (redirects.length === 0) return act(process);
  try {
    const { inside, finish } = await openRedirects(redirects, process, capture);
    const status = await act(inside);
    finish();
    return status;
  } catch (thrown) {
    if (!(thrown instanceof FileFault)) throw thrown;
    process.err(`sh: cannot open ${thrown.message}\n`);
    return 1;
  }
}
