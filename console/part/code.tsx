import { useState } from 'react';
import { CopyButton } from './copy.tsx';
import './code.css';

/** Text to copy, in the face of a terminal. `hide` holds secrets that show as dots until asked for; a copy is always whole. */
export function CodeBlock({ text, label, hide = [] }: { text: string; label: string; hide?: readonly string[] }) {
  const [open, setOpen] = useState(false);
  const shown = open ? text : hide.filter((secret) => secret !== '').reduce((sum, secret) => sum.replaceAll(secret, '••••••••••••'), text);
  return (
    <div className="code">
      <pre tabIndex={0} role="group" aria-label={label}>
        {shown}
      </pre>
      <div className="code-tools">
        {hide.length > 0 && (
          <button type="button" className="code-show" aria-pressed={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide' : 'Show'}
          </button>
        )}
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
