import type { Json } from '../../core/index.ts';
import type { Note } from '../../steps/index.ts';

/** Longest texts that chat systems take. */
const MOST_TITLE = 150;
const MOST_VALUE = 1_000;
const MOST_FACTS = 10;
const MOST_TEXT = 3_000;

/** JSON that Slack and its look-alikes take: blocks, and one text for those that know no blocks. Nothing of the data is read as markup. */
export function slackForm(note: Note): Json {
  const { title, text, facts, next, runId } = note;
  const lines = [...(text === undefined ? [] : [text]), ...facts.map(({ name, value }) => `${name}: ${value}`)];
  const plain = `*${escapeSlack(title)}*\n${lines.map((line) => `${escapeSlack(line)}\n`).join('')}${runId === undefined ? '' : `_${runId}_`}`;
  if (facts.length === 0 && next.length === 0) return { text: plain };
  const plainText = (value: string, most: number): Json => ({ type: 'plain_text', text: cut(value, most), emoji: false });
  const shown = facts.slice(0, MOST_FACTS).map(({ name, value }) => plainText(`${name}\n${value}`, MOST_VALUE));
  return {
    text: plain,
    blocks: [
      { type: 'header', text: plainText(title, MOST_TITLE) },
      ...(text === undefined ? [] : [{ type: 'section', text: plainText(text, MOST_TEXT) }]),
      ...(shown.length === 0 ? [] : [{ type: 'section', fields: shown }]),
      // Names of runs, steps and inputs: a fence keeps them as they are.
      ...(next.length === 0
        ? []
        : [{ type: 'section', text: { type: 'mrkdwn', text: cut(`\`\`\`${escapeSlack(next.join('\n').replaceAll('`', "'"))}\`\`\``, MOST_TEXT) } }]),
    ],
  };
}

/** `<!channel>` and links must come from us only, not from data in the text. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const COLOURS: { readonly [mood in Note['mood']]: string } = { good: 'Good', bad: 'Attention', warning: 'Warning', plain: 'Default' };

/** An Adaptive Card, as a workflow of Teams posts it. */
export function teamsForm(note: Note): Json {
  const { title, text, facts, next, mood, runId } = note;
  const block = (words: string, more: { readonly [name: string]: Json } = {}): Json => ({
    type: 'TextBlock',
    text: escapeMarkdown(cut(words, MOST_TEXT)),
    wrap: true,
    ...more,
  });
  const all = runId === undefined ? facts : [...facts, { name: 'run', value: runId }];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(cut(title, MOST_TITLE), { size: 'Medium', weight: 'Bolder', color: COLOURS[mood] }),
      ...(text === undefined ? [] : [block(text)]),
      ...(all.length === 0
        ? []
        : [{ type: 'FactSet', facts: all.map(({ name, value }) => ({ title: escapeMarkdown(name), value: escapeMarkdown(cut(value, MOST_VALUE)) })) }]),
      ...next.map((command) => block(command, { fontType: 'Monospace', spacing: 'Small' })),
    ],
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }] };
}

/** Cards read a little Markdown: links above all must not come from data. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\*_[\]()#`~>|-]/g, (sign) => `\\${sign}`);
}

/** For machines. */
export function webhookForm(note: Note, channel: string): Json {
  const { title, text, facts, next, mood, runId, at } = note;
  const data = { channel, title, text: text ?? '', mood, facts: Object.fromEntries(facts.map(({ name, value }) => [name, value])), next };
  return { type: 'slipway.notification', timestamp: new Date(at).toISOString(), data: runId === undefined ? data : { ...data, runId } };
}

/** Lines of a plain mail. */
export function mailText({ text, facts, next, runId }: Note): string {
  const width = Math.max(0, ...facts.map(({ name }) => name.length)) + 2;
  const blocks = [
    text === undefined ? [] : [text],
    facts.map(({ name, value }) => `${`${name}:`.padEnd(width)}${value}`),
    next.length === 0 ? [] : ['next:', ...next.map((command) => `  ${command}`)],
    runId === undefined ? [] : [`run ${runId}`],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
