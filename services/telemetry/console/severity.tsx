import { Status, type Tone } from '#console/part/status.tsx';

/** The least severities one may ask for, as OTLP numbers them. */
export const severities = [
  { value: '', label: 'Any severity' },
  { value: '5', label: 'Debug and up' },
  { value: '9', label: 'Info and up' },
  { value: '13', label: 'Warnings and up' },
  { value: '17', label: 'Errors and up' },
  { value: '21', label: 'Fatal only' },
];

const words = ['trace', 'debug', 'info', 'warning', 'error', 'fatal'] as const;

/** A severity of OTLP, 1 to 24, in a word. */
export function Severity({ severity, text }: { severity: number; text: string }) {
  const tone: Tone = severity >= 17 ? 'bad' : severity >= 13 ? 'warn' : 'note';
  return <Status tone={tone}>{text.toLowerCase() || (words[Math.floor((severity - 1) / 4)] ?? 'unset')}</Status>;
}
