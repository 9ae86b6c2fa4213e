/** Lines that stay, and below them lines that are drawn again and again. */
export interface Screen extends Disposable {
  readonly add: (lines: readonly string[]) => void;
  readonly draw: (lines: readonly string[]) => void;
}
interface ScreenOptions {
  readonly write: (text: string) => void;
  /** A terminal that understands moving up; otherwise only lines that stay are written. */
  readonly redraw: boolean;
  readonly columns: number;
  readonly rows: number;
}

const ESCAPE = '\u001B';

/** Open a screen on a stream; disposing takes the drawn lines away. */
export function openScreen({ write, redraw, columns, rows }: ScreenOptions): Screen {
  let drawn: readonly string[] = [];
  const erase = () => (drawn.length === 0 ? '' : `${ESCAPE}[${drawn.length}A${ESCAPE}[0J`);
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  return {
    add: (lines) => {
      if (lines.length > 0) write(`${erase()}${text(lines)}${text(drawn)}`);
    },
    draw: (lines) => {
      if (!redraw) return;
      // A line that wraps would take two rows and spoil the count, and so would one that has left the screen at its top.
      const cut = lines.slice(0, rows - 1).map((line) => cutTo(line, columns - 1));
      if (cut.join('\n') === drawn.join('\n')) return;
      write(`${erase()}${text(cut)}`);
      drawn = cut;
    },
    [Symbol.dispose]: () => {
      if (drawn.length > 0) write(erase());
      drawn = [];
    },
  };
}

/** Cut to so many visible characters; colours take no room and are ended at the cut. */
export function cutTo(line: string, columns: number): string {
  let visible = 0;
  let at = 0;
  while (at < line.length) {
    const end = line[at] === ESCAPE ? line.indexOf('m', at) : -1;
    if (end > 0) {
      at = end + 1;
    } else if (visible === columns) {
      return `${line.slice(0, at)}${line.includes(ESCAPE) ? `${ESCAPE}[0m` : ''}`;
    } else {
      visible += 1;
      at += 1;
    }
  }
  return line;
}
