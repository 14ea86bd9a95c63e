import './status.css';

export type Tone = 'ok' | 'warn' | 'bad' | 'note';

/** A state told by colour, by shape and by word: disc, triangle, diamond, ring. */
export function Status({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return (
    <span className={`status status-${tone}`}>
      <StatusMark tone={tone} />
      {children}
    </span>
  );
}

export function StatusMark({ tone }: { tone: Tone }) {
  return (
    <svg className={`status-mark status-${tone}`} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
      {tone === 'ok' && <circle cx="5" cy="5" r="4" fill="currentColor" />}
      {tone === 'warn' && <path d="M5 .8 9.6 9H.4z" fill="currentColor" />}
      {tone === 'bad' && <path d="M5 .3 9.7 5 5 9.7.3 5z" fill="currentColor" />}
      {tone === 'note' && <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.8" />}
    </svg>
  );
}

/** A word in a small frame: a kind, a role, an environment. */
export function Tag({ tone, children }: { tone?: Tone | 'test'; children: React.ReactNode }) {
  return <span className={`tag${tone ? ` tag-${tone}` : ''}`}>{children}</span>;
}
