/** What our own SSH client has a shell read: exports, a folder, and the script. */
export interface Payload {
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string | undefined;
  readonly shell: readonly string[];
  readonly script: string;
  /** The script's own input follows once the shell has said that it is ready. */
  readonly hasInput: boolean;
}

/** Bytes that arrive at a shell. */
export interface PayloadReader {
  /** @returns the payload, once: when it is whole. Later bytes are the command's input. */
  add(bytes: Buffer): Payload | undefined;
  /** What came after the payload. */
  rest(): Buffer;
  isWhole(): boolean;
}

/** How the first line begins, which holds no value, and how the last lines are. */
const HEAD = '{ if kill -0 -$$ ';
const TAIL = '\nexit $?\n}\n';

export function createPayloadReader(): PayloadReader {
  let received = Buffer.alloc(0);
  let end = -1;
  let looked = 0;
  return {
    add: (bytes) => {
      received = Buffer.concat([received, bytes]);
      // A script may have such lines of its own: the whole is what can be read to its end.
      for (let at = received.indexOf(TAIL, looked); end < 0 && at >= 0; at = received.indexOf(TAIL, looked)) {
        looked = at + 1;
        const payload = parsePayload(received.subarray(0, at).toString('utf8'));
        if (!payload) continue;
        end = at + TAIL.length;
        return payload;
      }
      return undefined;
    },
    rest: () => received.subarray(end < 0 ? received.length : end),
    isWhole: () => end >= 0,
  };
}

/** Read the lines of a payload without its last ones. @returns undefined for what our client would not send, and for a part of it. */
function parsePayload(text: string): Payload | undefined {
  const head = text.indexOf('\n');
  if (!text.startsWith(HEAD) || head < 0) return undefined;
  const env = new Map<string, string>();
  let cwd: string | undefined;
  let rest = text.slice(head + 1);
  for (let line = exportIn(rest); line; line = exportIn(rest)) {
    env.set(line.name, line.value);
    rest = line.rest;
  }
  const enter = wordAfter(rest, 'CDPATH= cd -- ');
  if (enter) {
    cwd = enter.value;
    rest = enter.rest.replace(/^ \|\| exit 96\n/, '');
  }
  const hasInput = !rest.startsWith('exec </dev/null\n');
  if (!hasInput) rest = rest.slice('exec </dev/null\n'.length);
  const here = wordAfter(rest, 'eval ');
  if (here) return here.rest === '' ? { env, cwd, shell: ['/bin/sh'], script: here.value, hasInput } : undefined;
  const words: string[] = [];
  for (let word = wordAfter(rest, words.length === 0 ? 'exec ' : ' '); word; word = wordAfter(rest, ' ')) {
    words.push(word.value);
    rest = word.rest;
  }
  const script = words.at(-1);
  return script === undefined || words.at(-2) !== '-c' || rest !== '' ? undefined : { env, cwd, shell: words.slice(0, -2), script, hasInput };
}

function exportIn(text: string): { readonly name: string; readonly value: string; readonly rest: string } | undefined {
  const name = /^export ([A-Za-z_][A-Za-z0-9_]*)=/.exec(text);
  const word = name && wordAfter(text, name[0]);
  return word ? { name: name[1] ?? '', value: word.value, rest: word.rest.replace(/^\n/, '') } : undefined;
}

/** A single-quoted word, in which a quote is written `'\''`. */
function wordAfter(text: string, prefix: string): { readonly value: string; readonly rest: string } | undefined {
  if (!text.startsWith(`${prefix}'`)) return undefined;
  let value = '';
  let at = prefix.length + 1;
  for (;;) {
    const end = text.indexOf("'", at);
    if (end < 0) return undefined;
    value += text.slice(at, end);
    if (!text.startsWith("'\\''", end)) return { value, rest: text.slice(end + 1) };
    value += "'";
    at = end + 4;
  }
}
