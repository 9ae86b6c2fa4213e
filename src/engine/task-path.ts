/** Node and item of a task's address: `a/b[2]` is item 2 of `a/b`. */
export function parseTaskPath(path: string): { readonly node: string; readonly index?: number } {
  const item = /^(.*)\[(\d+)\]$/.exec(path);
  return item ? { node: item[1] ?? path, index: Number(item[2]) } : { node: path };
}
