// Drives analytics by pgx and GORM, unmodified; prints a check per line. Its input names the door and a credential.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

var given struct {
	Host string
	Port int
	Sasl struct{ Username, Password string }
}

func address(more string) string {
	login := url.UserPassword(given.Sasl.Username, given.Sasl.Password)
	return fmt.Sprintf("postgres://%s@%s:%d/%s?sslmode=disable%s", login, given.Host, given.Port, given.Sasl.Username, more)
}

func told(title string, step func(context.Context) error) {
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	line := map[string]any{"title": title, "ok": true}
	if err := step(within); err != nil {
		line["ok"], line["detail"] = false, err.Error()
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func same(got, wanted any) error {
	if reflect.DeepEqual(got, wanted) {
		return nil
	}
	return fmt.Errorf("%#v and not %#v", got, wanted)
}

func refusedWith(err error, sqlstate string) error {
	var told *pgconn.PgError
	if errors.As(err, &told) && told.Code == sqlstate {
		return nil
	}
	return fmt.Errorf("%v and not %s", err, sqlstate)
}

func all(steps ...error) error { return errors.Join(steps...) }

func connected(within context.Context, more string, step func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(within, address(more))
	if err != nil {
		return err
	}
	defer conn.Close(within)
	return step(conn)
}

// values writes a row of every type and reads it back, in the given mode of execution.
func values(within context.Context, mode string) error {
	return connected(within, "&default_query_exec_mode="+mode, func(conn *pgx.Conn) error {
		name := "kinds_" + mode
		_, err := conn.Exec(within, "create table "+name+` (i8 int8 primary key, i4 int4, i2 int2, n numeric, f8 float8, t text, b bytea,
			ok bool, d date, at timestamptz, u uuid, j jsonb, tags text[], counts int8[], span interval)`)
		if err != nil {
			return err
		}
		at := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
		day := time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
		var exact pgtype.Numeric
		if err := exact.Scan("12345678901234567890.120"); err != nil {
			return err
		}
		id := pgtype.UUID{Bytes: [16]byte{1, 2, 3, 15: 9}, Valid: true}
		span := pgtype.Interval{Months: 14, Days: -3, Microseconds: 1500000, Valid: true}
		given := []any{int64(-9223372036854775808), int32(-7), int16(3), exact, 0.1, "Åse's", []byte{0, 255}, true, day, at, id,
			json.RawMessage(`{"a": [1, null]}`), []string{"a", "", `"{}`}, []int64{1, -9007199254740993}, span}
		places := make([]string, len(given))
		for at := range given {
			places[at] = "$" + strconv.Itoa(at+1)
		}
		if _, err := conn.Exec(within, "insert into "+name+" values ("+strings.Join(places, ", ")+")", given...); err != nil {
			return err
		}
		if _, err := conn.Exec(within, "insert into "+name+" (i8) values ($1)", 1); err != nil {
			return err
		}
		var (
			i8     int64
			i4     int32
			i2     int16
			n      pgtype.Numeric
			f8     float64
			t      string
			b      []byte
			ok     bool
			d, ts  time.Time
			u      pgtype.UUID
			j      map[string]any
			tags   []string
			counts []int64
			lasts  pgtype.Interval
		)
		err = conn.QueryRow(within, "select * from "+name+" where i8 = $1", given[0]).
			Scan(&i8, &i4, &i2, &n, &f8, &t, &b, &ok, &d, &ts, &u, &j, &tags, &counts, &lasts)
		if err != nil {
			return err
		}
		digits, _ := n.Value()
		var none *string
		err = conn.QueryRow(within, "select t from "+name+" where i8 = 1").Scan(&none)
		return all(err, same(none, (*string)(nil)), same(j, map[string]any{"a": []any{1.0, nil}}),
			same([]any{i8, i4, i2, f8, t, b, ok, d.UTC(), ts.UTC(), u, tags, counts, lasts},
				append(append(append([]any{}, given[:3]...), given[4:11]...), given[12:]...)), same(digits, "12345678901234567890.120"))
	})
}

func pool(within context.Context) error {
	made, err := pgxpool.New(within, address("&pool_max_conns=4"))
	if err != nil {
		return err
	}
	defer made.Close()
	if _, err := made.Exec(within, "create table counted (id int8 primary key, n int4 not null)"); err != nil {
		return err
	}
	copied, err := made.CopyFrom(within, pgx.Identifier{"counted"}, []string{"id", "n"},
		pgx.CopyFromSlice(2000, func(at int) ([]any, error) { return []any{int64(at), int32(at % 10)}, nil }))
	if err := all(err, same(copied, int64(2000))); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue("insert into counted values (@id, @n)", pgx.NamedArgs{"id": 5000, "n": 1})
	batch.Queue("select count(*) from counted where n = $1", 1)
	batch.Queue("update counted set n = n + 1 where id = 5000 returning n")
	results := made.SendBatch(within, batch)
	var count, n int64
	_, err = results.Exec()
	err = all(err, results.QueryRow().Scan(&count), results.QueryRow().Scan(&n), results.Close())
	if err := all(err, same([]int64{count, n}, []int64{201, 2})); err != nil {
		return err
	}
	asked := make(chan error, 16)
	for at := range cap(asked) {
		go func() {
			rows, err := made.Query(within, "select n from counted where id = any($1) order by id", []int64{int64(at), int64(at + 10)})
			if err != nil {
				asked <- err
				return
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[int32])
			asked <- all(err, same(found, []int32{int32(at % 10), int32(at % 10)}))
		}()
	}
	for range cap(asked) {
		if err := <-asked; err != nil {
			return err
		}
	}
	var out bytes.Buffer
	conn, err := made.Acquire(within)
	if err != nil {
		return err
	}
	defer conn.Release()
	_, err = conn.Conn().PgConn().CopyTo(within, &out, "copy (select id, n from counted where id >= 1999 order by id) to stdout (format csv)")
	return all(err, same(out.String(), "1999,9\n5000,2\n"))
}

func transactions(within context.Context) error {
	return connected(within, "", func(conn *pgx.Conn) error {
		if _, err := conn.Exec(within, "create table accounts (id int4 primary key, balance numeric check (balance >= 0))"); err != nil {
			return err
		}
		err := pgx.BeginFunc(within, conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(within, "insert into accounts values (1, 10), (2, 0)")
			inner := pgx.BeginFunc(within, tx, func(nested pgx.Tx) error {
				_, err := nested.Exec(within, "update accounts set balance = balance - 20 where id = 1")
				return err
			})
			return all(err, refusedWith(inner, "23514"))
		})
		if err != nil {
			return err
		}
		undone := errors.New("taken back")
		err = pgx.BeginFunc(within, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(within, "delete from accounts"); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			return err
		}
		rows, err := conn.Query(within, "select id, balance::float8 as balance from accounts order by id")
		if err != nil {
			return err
		}
		type account struct {
			Id      int32
			Balance float64
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[account])
		return all(err, same(found, []account{{1, 10}, {2, 0}}))
	})
}

func refusals(within context.Context) error {
	return connected(within, "", func(conn *pgx.Conn) error {
		_, err := conn.Exec(within, "select nothing from nowhere")
		if err := refusedWith(err, "42P01"); err != nil {
			return err
		}
		_, err = conn.Exec(within, "selec 1")
		var told *pgconn.PgError
		if !errors.As(err, &told) || told.Code != "42601" || told.Position != 1 {
			return fmt.Errorf("%v without its place", err)
		}
		soon, cancel := context.WithTimeout(within, 200*time.Millisecond)
		defer cancel()
		_, err = conn.Exec(soon, "create materialized view forever as select 1; select pg_sleep(30)")
		if err == nil {
			return errors.New("a statement outlived its context")
		}
		return connected(within, "", func(other *pgx.Conn) error {
			var one int
			return all(other.QueryRow(within, "select 1").Scan(&one), same(one, 1))
		})
	})
}

func subscribed(within context.Context) error {
	return connected(within, "", func(conn *pgx.Conn) error {
		_, err := conn.Exec(within, "create table clicks (who text, n int4)")
		if err != nil {
			return err
		}
		if _, err := conn.Exec(within, "create materialized view totals as select who, sum(n) as n from clicks group by who"); err != nil {
			return err
		}
		return connected(within, "", func(reader *pgx.Conn) error {
			asked, cancel := context.WithCancel(within)
			defer cancel()
			rows, err := reader.Query(asked, "subscribe to totals with (committed)", pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				return err
			}
			if _, err := conn.Exec(within, "insert into clicks values ('a', 1), ('a', 2)"); err != nil {
				return err
			}
			for rows.Next() {
				row, err := rows.Values()
				if err != nil {
					return err
				}
				if row[2] == "a" {
					cancel()
					return nil
				}
			}
			return fmt.Errorf("no row came: %v", rows.Err())
		})
	})
}

func listened(within context.Context) error {
	return connected(within, "", func(conn *pgx.Conn) error {
		if _, err := conn.Exec(within, "listen orders"); err != nil {
			return err
		}
		return connected(within, "", func(other *pgx.Conn) error {
			if _, err := other.Exec(within, "select pg_notify('orders', 'four')"); err != nil {
				return err
			}
			heard, err := conn.WaitForNotification(within)
			if err != nil {
				return err
			}
			return all(same(heard.Channel, "orders"), same(heard.Payload, "four"))
		})
	})
}

func standard(within context.Context) error {
	db, err := sql.Open("pgx", address(""))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(within, "create table notes (id int4 primary key, text text)"); err != nil {
		return err
	}
	prepared, err := db.PrepareContext(within, "insert into notes values ($1, $2)")
	if err != nil {
		return err
	}
	defer prepared.Close()
	for at := range 20 {
		if _, err := prepared.ExecContext(within, at, sql.NullString{String: "note", Valid: at%2 == 0}); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(within, nil)
	if err != nil {
		return err
	}
	done, err := tx.ExecContext(within, "delete from notes where text is null")
	if err != nil {
		return err
	}
	gone, _ := done.RowsAffected()
	if err := all(same(gone, int64(10)), tx.Rollback()); err != nil {
		return err
	}
	var count int
	return all(db.QueryRowContext(within, "select count(*) from notes").Scan(&count), same(count, 20))
}

type Author struct {
	ID      uint64 `gorm:"primaryKey"`
	Name    string `gorm:"uniqueIndex;not null"`
	Books   []Book
	Created time.Time
}

type Book struct {
	ID       uint64 `gorm:"primaryKey"`
	AuthorID uint64
	Title    string `gorm:"size:200"`
	Price    float64
	Sold     bool `gorm:"not null;default:false"`
}

func opened() (*gorm.DB, error) {
	return gorm.Open(postgres.Open(address("")), &gorm.Config{Logger: logger.Discard, TranslateError: true})
}

func migrated(within context.Context) error {
	db, err := opened()
	if err != nil {
		return err
	}
	db = db.WithContext(within)
	// A second time there is nothing to change.
	if err := all(db.AutoMigrate(&Author{}, &Book{}), db.AutoMigrate(&Author{}, &Book{})); err != nil {
		return err
	}
	migrator := db.Migrator()
	if !migrator.HasTable("books") || !migrator.HasColumn(&Book{}, "Title") || !migrator.HasIndex(&Author{}, "idx_authors_name") {
		return errors.New("a table, column or index is not told of")
	}
	return nil
}

func mapped(within context.Context) error {
	db, err := opened()
	if err != nil {
		return err
	}
	db = db.WithContext(within)
	author := Author{Name: "Åse", Created: time.Now(), Books: []Book{{Title: "one", Price: 1.5}, {Title: "two", Price: 2.5}}}
	if err := db.Create(&author).Error; err != nil {
		return err
	}
	if !errors.Is(db.Create(&Author{Name: "Åse", Created: time.Now()}).Error, gorm.ErrDuplicatedKey) {
		return errors.New("a second row of a unique name was taken, or refused as something else")
	}
	upsert := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"title"})}
	if err := db.Clauses(upsert).Create(&Book{ID: author.Books[0].ID, AuthorID: author.ID, Title: "first"}).Error; err != nil {
		return err
	}
	if err := db.Model(&Book{}).Where("price > ?", 2).Updates(map[string]any{"sold": true}).Error; err != nil {
		return err
	}
	var found Author
	if err := db.Preload("Books", func(of *gorm.DB) *gorm.DB { return of.Order("id") }).First(&found, "name = ?", "Åse").Error; err != nil {
		return err
	}
	var sum struct {
		Count int64
		Total float64
	}
	err = db.Model(&Book{}).Select("count(*) as count, sum(price) as total").Where("author_id = ?", author.ID).Scan(&sum).Error
	titles := []string{}
	for _, book := range found.Books {
		titles = append(titles, fmt.Sprintf("%s %v", book.Title, book.Sold))
	}
	if err := all(err, same(titles, []string{"first false", "two true"}), same(sum.Count, int64(2)), same(sum.Total, 4.0)); err != nil {
		return err
	}
	undone := errors.New("taken back")
	err = db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Delete(&Book{}, author.Books[1].ID).Error; err != nil {
			return err
		}
		return undone
	})
	var left int64
	if !errors.Is(err, undone) {
		return err
	}
	return all(db.Model(&Book{}).Count(&left).Error, same(left, int64(2)))
}

func main() {
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, mode := range []string{"cache_statement", "describe_exec", "exec", "simple_protocol"} {
		told("values of all types go in and come out: "+mode, func(within context.Context) error { return values(within, mode) })
	}
	told("a pool copies rows in and out, and sends statements in batches", pool)
	told("transactions, savepoints and what fails in them", transactions)
	told("errors have their SQLSTATE and place, and a context ends its statement", refusals)
	told("changes of a view are streamed until the context ends", subscribed)
	told("a notification is heard", listened)
	told("database/sql prepares, changes and takes back", standard)
	told("GORM makes tables and finds nothing to change the second time", migrated)
	told("GORM creates, reads, updates and takes back", mapped)
}
