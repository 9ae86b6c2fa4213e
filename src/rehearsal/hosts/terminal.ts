import type { ServerChannel } from 'ssh2';
import type { Machine } from './machine.ts';

/** Words before which no terminal shows what is typed. */
const HIDDEN = /(?:password|passphrase|passcode|secret|pin)[^\n]*$/i;

/** Play a console: the texts of the inventory one after the other, each line that is typed shown as terminals do. What is typed is not kept. */
export function playTerminal(channel: ServerChannel, machine: Machine, user: string, command?: string): void {
  const texts = machine.vars.terminal;
  let turn = 0;
  let line = '';
  const say = (): string => texts[Math.min(turn, texts.length - 1)] ?? '';
  machine.note('terminal', { user, ...(command === undefined ? {} : { command }) });
  channel.on('error', () => undefined); // the client may be gone before it has heard everything
  channel.on('data', (bytes: Buffer) => {
    for (const char of bytes.toString('utf8')) {
      if (char !== '\r' && char !== '\n') {
        line += char;
        continue;
      }
      channel.write(`${HIDDEN.test(say()) ? '' : line}\r\n`);
      turn++;
      machine.note('typed', { characters: line.length });
      line = '';
      channel.write(say().replaceAll('\n', '\r\n'));
    }
  });
  channel.on('end', () => {
    channel.exit(0);
    channel.end();
  });
  channel.write(say().replaceAll('\n', '\r\n'));
}
