from pathlib import Path

from django.db import migrations

# Where the first character of a name is a family name, it may be read otherwise than in a text.
SURNAMES = {
    '区': 'ou', '曾': 'zeng', '单': 'shan', '覃': 'qin', '解': 'xie', '仇': 'qiu', '朴': 'piao',
    '盖': 'ge', '查': 'zha', '乐': 'yue', '缪': 'miao', '翟': 'zhai', '员': 'yun', '重': 'chong',
    '尉': 'yu', '种': 'chong', '折': 'she', '繁': 'po', '秘': 'bi', '洗': 'xian', '隗': 'kui',
    '牟': 'mu', '召': 'shao', '句': 'gou', '冼': 'xian',
}


def functions():
    lines = Path(__file__).with_name('readings.txt').read_text(encoding='utf-8').splitlines()
    readings = [line.split() for line in lines if not line.startswith('#')]
    places = bytearray(2 * (0x9FA6 - 0x4E00))
    for place, (_syllable, characters) in enumerate(readings, 1):
        for character in characters:
            at = 2 * (ord(character) - 0x4E00)
            places[at], places[at + 1] = divmod(place, 256)
    syllables = ','.join(syllable for syllable, _characters in readings)
    surnames = ' '.join(f"when '{name}' then '{reading}'" for name, reading in SURNAMES.items())
    return f"""
    create function public.ruhu_syllable(letter text) returns text
    language sql immutable parallel safe as $$
        select case when ascii(letter) between 19968 and 40869 then
               ('{{{syllables}}}'::text[])[
                   get_byte('\\x{places.hex()}'::bytea, 2 * (ascii(letter) - 19968)) * 256
                   + get_byte('\\x{places.hex()}'::bytea, 2 * (ascii(letter) - 19968) + 1)]
               end
    $$;

    create function public.ruhu_pieces(whole text) returns text[]
    language plpgsql immutable parallel safe cost 5000 as $$
    declare
        letters text[] := string_to_array(upper(whole), null);
        pairs text[] := letters;
    begin
        for place in 1..coalesce(cardinality(letters), 0) - 1 loop
            pairs[place] := letters[place] || letters[place + 1];
        end loop;
        return coalesce(letters || pairs, '{{}}');
    end $$;

    create function public.ruhu_readings(name text) returns text[]
    language plpgsql immutable parallel safe cost 5000 as $$
    declare
        syllable text;
        behind text := '';
        whole text := '';
        initials_behind text := '';
        initials text := '';
        readings text[] := '{{}}';
    begin
        for place in reverse least(length(name), 30)..1 loop
            syllable := public.ruhu_syllable(substr(name, place, 1));
            behind := whole;
            initials_behind := initials;
            if syllable is null then
                whole := '';
                initials := '';
            else
                whole := syllable || whole;
                initials := left(syllable, 1) || initials;
                readings := readings || whole || initials;
            end if;
        end loop;
        syllable := case left(name, 1) {surnames} end;
        if syllable is not null then
            readings := readings || (syllable || behind) || (left(syllable, 1) || initials_behind);
        end if;
        return readings;
    end $$;

    create function public.ruhu_name_words(name text) returns tsvector
    language sql immutable parallel safe as $$
        select array_to_tsvector(public.ruhu_pieces(name) || public.ruhu_readings(name))
    $$;

    create function public.ruhu_text_words(variadic texts text[]) returns tsvector
    language sql immutable parallel safe as $$
        select array_to_tsvector(public.ruhu_pieces(array_to_string(texts, E'\\n')))
    $$;

    create function public.ruhu_lexeme(piece text) returns text
    language sql immutable parallel safe as $$
        select '''' || replace(replace(piece, '\\', '\\\\'), '''', '''''') || ''''
    $$;

    create function public.ruhu_holding(word text) returns tsquery
    language sql immutable parallel safe as $$
        select coalesce(string_agg(public.ruhu_lexeme(piece), ' & '), '')::tsquery
          from unnest(public.ruhu_pieces(word)) piece
         where length(piece) = least(2, length(word))
    $$;

    create function public.ruhu_read_like(letters text) returns tsquery
    language sql immutable parallel safe as $$
        select (public.ruhu_lexeme(lower(letters)) || ':*')::tsquery
    $$;
    """


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0018_keys_and_exceptions_by_entry'),
    ]

    operations = [
        migrations.RunSQL(
            functions(),
            """
            drop function public.ruhu_read_like, public.ruhu_holding, public.ruhu_lexeme,
                          public.ruhu_text_words, public.ruhu_name_words,
                          public.ruhu_readings, public.ruhu_pieces, public.ruhu_syllable
            """,
        ),
    ]
