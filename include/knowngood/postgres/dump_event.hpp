// dump_event: what a plain dump consists of, in order: statements, comments, COPY blocks, meta-commands. The same
// events feed the verification and a loader.
//
// Layer: postgres.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knowngood {

/// The head of a COPY … FROM stdin statement, names as the dump writes them.
struct copy_target {
  std::string table;                                ///< `public.incidents`, `"Odd ""schema".t`
  std::optional<std::vector<std::string>> columns;  ///< nothing when the statement lists none
  bool plain_text = true;                           ///< false when options ask for another format than text
};

enum class dump_event_type : unsigned char {
  statement,     ///< `text`: the statement with its semicolon
  comment,       ///< `text`: a line comment between statements, without `--` and the blanks around
  copy_begin,    ///< `text`: the COPY statement; `copy` its target
  copy_rows,     ///< `text`: COPY data, lines ended by a newline alone; joined, all of a block's; `rows` end in it
  copy_end,      ///< the line `\.` was met
  meta_command,  ///< `text`: the line, from its backslash, without the newline
  foreign_line,  ///< `text`: the beginning of a line that is no SQL, before, between or behind dumps
  end,           ///< the script ended between statements, and its source's end is proved
};

/// Views are valid until the scanner's next call.
struct dump_event {
  dump_event_type type = dump_event_type::end;
  std::string_view text;
  std::string_view header;            ///< pg_dump's comment on the entry: `Name: t; Type: TABLE; Schema: public; …`
  std::uint64_t offset = 0;           ///< of the first byte, in the script
  std::uint64_t line = 0;             ///< of the first byte, from 1
  std::uint64_t rows = 0;             ///< copy_rows: rows ending in `text`; statement: an INSERT's rows
  bool truncated_text = false;        ///< the statement was longer than the scanner keeps
  bool backslash_inside = false;      ///< a statement with a backslash outside of quotes, where psql reads a command
  bool odd_values = false;            ///< an INSERT that gives something else than literals
  const copy_target* copy = nullptr;  ///< of the block, for the copy_ events
};

}  // namespace knowngood
