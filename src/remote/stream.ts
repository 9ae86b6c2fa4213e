/** One server-sent event. */
export interface ServerEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Longer than any event may be; whatever sends more is no server of ours. */
const MOST_CHARS = 16 * 1024 * 1024;

/** Read server-sent events out of a body; ends when the body does. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? '';
    if (text.length > MOST_CHARS) throw new RangeError('an event of the server is too long');
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) yield event;
    }
  }
}

function eventOf(block: string): ServerEvent | undefined {
  const fields = block.split(/\r?\n/).map((line) => /^(\w+): ?(.*)$/.exec(line));
  const all = (name: string): readonly string[] => fields.flatMap((field) => (field?.[1] === name ? [field[2] ?? ''] : []));
  if (all('data').length === 0) return undefined;
  const id = all('id').at(-1);
  return { event: all('event').at(-1) ?? 'message', data: all('data').join('\n'), ...(id === undefined ? {} : { id }) };
}
