import { commands } from './command.ts';

/** What `gamut help` prints. */
export function helpText(): string {
  const rows = Object.entries(commands).map(([name, { text }]) => `  ${name.padEnd(14)}${text}`);
  return [
    'gamut: an open cloud platform behind the protocols that clients already speak.',
    '',
    ...rows,
    '  help          Show this, or with a command how to use it.',
    '',
    'Everything else is a verb of the platform or of a service: `gamut tenant create NAME`, `gamut credential create`,',
    '`gamut SERVICE VERB`. Every command takes --data DIR and -o json or text; what scripts read (up --detach, status,',
    'tenant, project and credential create) is JSON by itself where the output is no terminal.',
  ].join('\n');
}

/** How to use one command. */
export function usageText(name: string): string {
  const command = commands[name];
  return command ? `${command.text}\n\n${command.usage}` : helpText();
}
