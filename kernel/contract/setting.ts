/** What the operator says in the environment; the least where nothing is said, unless something else is usual. */
export function settingOf(name: string, least: number, most: number, usual = least): number {
  const said = process.env[name] ?? usual;
  const value = Number(said);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new TypeError(`${name} must be a whole number from ${least} to ${most}, not ${said}`);
  return value;
}
