import { useEffect } from 'react';
import { NavLink } from 'react-router';
import { useMaybePlace } from '../api/place.ts';
import './page.css';

type HeadProps = { title: React.ReactNode; name?: string; text?: React.ReactNode; actions?: React.ReactNode; aside?: React.ReactNode };

/** The head of a page: what it is, one sentence, what can be done. `name` also names the window. */
export function PageHead({ title, name, text, actions, aside }: HeadProps) {
  const place = useMaybePlace();
  const said = name ?? (typeof title === 'string' ? title : 'Gamut');
  useEffect(() => {
    document.title = `${said} · ${place ? `${place.organization.title || place.organization.name} · ` : ''}Gamut`;
  }, [said, place]);
  return (
    <header className="page-head">
      <div className="grow">
        <div className="row wrap">
          <h1>{title}</h1>
          {aside}
        </div>
        {text && <p className="page-text">{text}</p>}
      </div>
      {actions && <div className="row wrap page-actions">{actions}</div>}
    </header>
  );
}

export type TabLink = { to: string; label: string; count?: number | undefined; end?: boolean };

/** Places inside a page; each has its own address. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly TabLink[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <NavLink key={tab.to} to={tab.to} end={tab.end ?? false} className="tab">
          {tab.label}
          {tab.count !== undefined && <span className="tab-count">{tab.count}</span>}
        </NavLink>
      ))}
    </nav>
  );
}

/** A part of a page with its own heading. `flush` lets a table reach the frame. */
export function Section({
  title,
  text,
  actions,
  flush,
  children,
}: {
  title?: React.ReactNode;
  text?: React.ReactNode;
  actions?: React.ReactNode;
  flush?: boolean;
  children: React.ReactNode;
}) {
  return (
    <section className={`section${flush ? ' section-flush' : ''}`}>
      {(title || actions) && (
        <div className="section-head">
          <div className="grow">
            {title && <h2>{title}</h2>}
            {text && <p className="dim">{text}</p>}
          </div>
          {actions && <div className="row">{actions}</div>}
        </div>
      )}
      <div className="section-body">{children}</div>
    </section>
  );
}

/** Names and values of one thing. */
export function Facts({ facts }: { facts: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A number that matters, large, with what it says below and a line of its past beside it. */
export function Figure({
  label,
  value,
  note,
  children,
  to,
}: {
  label: string;
  value: React.ReactNode;
  note?: React.ReactNode;
  children?: React.ReactNode;
  to?: string;
}) {
  return (
    <div className="figure">
      <div className="figure-label">{to ? <NavLink to={to}>{label}</NavLink> : label}</div>
      <div className="figure-value">{value}</div>
      {note && <div className="figure-note">{note}</div>}
      {children && <div className="figure-past">{children}</div>}
    </div>
  );
}
