import { Link } from 'react-router';
import { Mark } from '../shell/mark.tsx';
import './lone.css';

/** The frame of pages before the sign-in: one card, the mark, one thing to do. */
export function Lone({
  title,
  text,
  children,
  foot,
}: {
  title: string;
  text?: React.ReactNode;
  children: React.ReactNode;
  foot?: React.ReactNode;
}) {
  return (
    <main className="lone">
      <div className="lone-card">
        <Link to="/" className="lone-mark">
          <Mark size={28} />
          <span>Gamut</span>
        </Link>
        <h1>{title}</h1>
        {text && <p className="dim">{text}</p>}
        {children}
      </div>
      {foot && <p className="lone-foot">{foot}</p>}
    </main>
  );
}
