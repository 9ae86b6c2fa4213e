import { PASSWORD_PROMPT, STANDS } from './bootstrap.ts';
import { AGAIN, READY } from './payload.ts';

const MOST_CHATTER = 65_536;
const READY_LINE = new RegExp(`^${READY} (\\d+) (\\d+)\\n`, 'm');
const AGAIN_LINE = new RegExp(`^${AGAIN}\\n`, 'm');
const STANDS_LINE = new RegExp(`^${STANDS}\\n`, 'm');
const PASSWORD_ASKED = new RegExp(`${PASSWORD_PROMPT}|[Pp]assword: ?$`);

/** What the far side says before the script begins: words of login shells, a question for a password, and our own marks. */
export interface Greeting {
  /** Takes output of the far side's standard output in. @returns what is the script's, once it has begun. */
  addStdout(bytes: Buffer): Buffer | undefined;
  addStderr(bytes: Buffer): void;
  /** Has the script begun? */
  isOver(): boolean;
  /** Where to send signals: a process group (negative) or a process; undefined until the far side said it. */
  target(): string | undefined;
  /** The shell leads no process group and ran nothing. */
  wantsLongWay(): boolean;
  /** A banner, or why it could not begin. */
  chatter(): string;
  /** Times a password was asked for. */
  passwordsAsked(): number;
}

export interface GreetingEvents {
  readonly onStands: () => void;
  readonly onReady: () => void;
  readonly onPassword: () => void;
}

export function createGreeting(events: GreetingEvents): Greeting {
  const said = { stdout: '', stderr: '' };
  let target: string | undefined;
  let asked = 0;
  let stands = false;
  let again = false;
  return {
    addStdout: (bytes) => {
      said.stdout = (said.stdout + bytes.toString('latin1')).slice(-MOST_CHATTER);
      again ||= AGAIN_LINE.test(said.stdout);
      if (!stands && STANDS_LINE.test(said.stdout)) {
        stands = true;
        events.onStands();
      }
      const ready = READY_LINE.exec(said.stdout);
      if (!ready) return undefined;
      target = ready[1] === '0' ? ready[2] : `-${ready[1]}`;
      events.onReady();
      return Buffer.from(said.stdout.slice(ready.index + ready[0].length), 'latin1');
    },
    addStderr: (bytes) => {
      said.stderr = (said.stderr + bytes.toString('utf8')).slice(-MOST_CHATTER);
      if (!PASSWORD_ASKED.test(said.stderr)) return;
      said.stderr = '';
      asked++;
      events.onPassword();
    },
    isOver: () => target !== undefined,
    target: () => target,
    wantsLongWay: () => again,
    chatter: () => said.stderr + said.stdout.replace(STANDS_LINE, ''),
    passwordsAsked: () => asked,
  };
}
