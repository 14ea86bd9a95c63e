import type { Mail } from '../api/session.ts';
import { CopyButton } from '../part/copy.tsx';
import { Section } from '../part/page.tsx';
import { When } from '../part/when.tsx';
import './outbox.css';

/** The mails of a platform without a mail server: what would have been sent, for its operator to hand on. */
export function Outbox({ mails }: { mails: readonly Mail[] }) {
  const latest = mails.toSorted((a, b) => b.at - a.at).slice(0, 20);
  return (
    <Section
      title="Outbox"
      text={
        <>
          This platform has no mail server, so its mails stay here; only operators see them. Give it one with <code>--mail smtp://…</code>
        </>
      }
    >
      <ul className="outbox">
        {latest.map((mail) => (
          <li key={`${mail.at} ${mail.to} ${mail.subject}`}>
            <details>
              <summary>
                <span className="cut">{mail.subject}</span>
                <span className="dim cut">{mail.to}</span>
                <When at={mail.at} />
              </summary>
              <pre tabIndex={0}>{mail.text}</pre>
              {linkIn(mail.text) && (
                <p className="row dim">
                  Copy the link <CopyButton text={linkIn(mail.text) ?? ''} label="Copy the link" />
                </p>
              )}
            </details>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function linkIn(text: string): string | undefined {
  return /https?:\/\/\S+/.exec(text)?.[0];
}
