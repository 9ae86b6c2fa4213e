/** What our own SSH client sends before the input of a command: exports, a folder, and the shell with the script. */
export interface Payload {
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string | undefined;
  readonly shell: readonly string[];
  readonly script: string;
}

/** Bytes that arrive, split at the second nonce line. */
export interface PayloadReader {
  /** @returns the payload once it is whole. Later bytes are the command's input. */
  add(bytes: Buffer): string | undefined;
  /** What came after the payload. */
  rest(): Buffer;
}

export function createPayloadReader(): PayloadReader {
  let received = Buffer.alloc(0);
  let end = -1;
  return {
    add: (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (end >= 0) return undefined;
      const first = received.indexOf('\n');
      if (first < 0) return undefined;
      const nonce = received.subarray(0, first + 1);
      const marker = Buffer.concat([Buffer.from('\n'), nonce]);
      const at = received.indexOf(marker, first);
      if (at < 0) return undefined;
      end = at + marker.length;
      return received.subarray(first + 1, at).toString('utf8');
    },
    rest: () => received.subarray(end < 0 ? received.length : end),
  };
}

/** Read the lines between the nonces. @returns undefined for what our client would not send. */
export function parsePayload(text: string): Payload | undefined {
  const env = new Map<string, string>();
  let cwd: string | undefined;
  let rest = text;
  for (let line = exportIn(rest); line; line = exportIn(rest)) {
    env.set(line.name, line.value);
    rest = line.rest;
  }
  const enter = wordAfter(rest, 'CDPATH= cd -- ');
  if (enter) {
    cwd = enter.value;
    rest = enter.rest.replace(/^ \|\| exit 96\n/, '');
  }
  const words: string[] = [];
  for (let word = wordAfter(rest, words.length === 0 ? 'exec ' : ' '); word; word = wordAfter(rest, ' ')) {
    words.push(word.value);
    rest = word.rest;
  }
  const script = words.at(-1);
  return script === undefined || words.at(-2) !== '-c' ? undefined : { env, cwd, shell: words.slice(0, -2), script };
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
