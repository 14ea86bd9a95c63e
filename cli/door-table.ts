import type { DoorAddress } from '#kernel/supervise/protocol.ts';

/** The doors as lines for the terminal: name, address, what it is and how to try it, and notes such as a port that was taken. */
export function doorTable(doors: Readonly<Record<string, DoorAddress>>): string[] {
  const rows = Object.entries(doors).sort(([a], [b]) => a.localeCompare(b));
  const nameWidth = Math.max(0, ...rows.map(([name]) => name.length));
  const urlWidth = Math.max(0, ...rows.map(([, { url }]) => url.length));
  return rows.flatMap(([name, { url, text, note }]) => {
    const line = `  ${name.padEnd(nameWidth)}  ${url.padEnd(urlWidth)}  ${text ?? ''}`.trimEnd();
    return note ? [line, `  ${' '.repeat(nameWidth)}  ${note}`] : [line];
  });
}
