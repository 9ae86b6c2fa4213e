import { code, plain } from '../escape.ts';
import { cut } from '../plan/index.ts';
import type { RuleView } from './view.ts';

/** What a command in a comment came to. Texts are untrusted. */
export interface ReplyView {
  readonly isDone: boolean;
  /** One sentence. */
  readonly text: string;
  readonly hint?: string;
  /** Rules that are not met, all at once. */
  readonly rules?: readonly RuleView[];
  /** Commands that may be typed. */
  readonly commands?: readonly { readonly command: string; readonly does: string }[];
  readonly url?: string;
}
const MOST_RULES = 60;
const LONGEST = 800;

/** The answer to a command. */
export function replyMarkdown({ isDone, text, hint, rules = [], commands = [], url }: ReplyView): string {
  const open = rules.filter(({ isMet }) => !isMet);
  const lines = open
    .slice(0, MOST_RULES)
    .map(({ rule, found, todo }) => `- ⬜ ${plain(rule)}: ${plain(cut(found, LONGEST))}${todo === undefined ? '' : `; ${plain(cut(todo, LONGEST))}`}`);
  const blocks = [
    `${isDone ? '✅' : '⛔'} ${plain(cut(text, LONGEST))}${hint === undefined ? '' : ` (${plain(cut(hint, LONGEST))})`}`,
    [...lines, ...(open.length > lines.length ? [`- … and ${open.length - lines.length} more`] : [])].join('\n'),
    commands.map(({ command, does }) => `- ${code(command)} ${plain(does)}`).join('\n'),
    url !== undefined && URL.canParse(url) ? `<${new URL(url).href}>` : '',
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}
