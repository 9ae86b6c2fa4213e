/** Compare `[epoch:]version-release` as rpm does: negative when the first is older. */
export function compareRpm(a: string, b: string): number {
  const [first, second] = [partsOf(a), partsOf(b)];
  return first.epoch - second.epoch || compareText(first.version, second.version) || compareText(first.release, second.release);
}

function partsOf(text: string): { readonly epoch: number; readonly version: string; readonly release: string } {
  const [, epoch = '0', version = '', release = ''] = /^(?:(\d+):)?([^-]*)(?:-(.*))?$/.exec(text) ?? [];
  return { epoch: Number(epoch), version, release };
}

/** Numbers are newer than letters, `~` is older than the end, `^` is newer than the end and older than anything else. */
function compareText(a: string, b: string): number {
  const [first, second] = [piecesOf(a), piecesOf(b)];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const order = comparePiece(first[index], second[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function piecesOf(text: string): readonly string[] {
  return text.match(/\d+|[a-zA-Z]+|~|\^/g) ?? [];
}

function comparePiece(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  for (const [mark, ifOnlyA] of [
    ['~', -1],
    ['^', 1],
  ] as const) {
    if (a === mark) return mark === '^' && b !== undefined ? -1 : ifOnlyA;
    if (b === mark) return mark === '^' && a !== undefined ? 1 : -ifOnlyA;
  }
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [isNumberA, isNumberB] = [/^\d/.test(a), /^\d/.test(b)];
  if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
  if (isNumberA) return Math.sign(Number(BigInt(a) - BigInt(b)));
  return a < b ? -1 : 1;
}
