import { Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { shortId } from '../format/word.ts';
import { Icon } from './icon.tsx';
import './copy.css';

/** A small button that copies `text` and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Tooltip label={clipboard.copied ? 'Copied' : label}>
      <button type="button" className="copy" aria-label={clipboard.copied ? 'Copied' : label} onClick={() => clipboard.copy(text)}>
        <Icon name={clipboard.copied ? 'check' : 'copy'} size={14} />
      </button>
    </Tooltip>
  );
}

/** An identifier: short where it is long, whole on hover, copied by its button. */
export function Id({ id, whole }: { id: string; whole?: boolean }) {
  const shown = whole ? id : shortId(id);
  return (
    <span className="id">
      <span className="mono" title={shown === id ? undefined : id}>
        {shown}
      </span>
      <CopyButton text={id} label={`Copy ${shown}`} />
    </span>
  );
}
