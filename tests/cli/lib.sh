# SPDX-License-Identifier: MIT
# Sourced by cases: `. "$LIB"`.

# Runs the command, messages and data in one stream, and says how it ended.
try() {
    status=0
    "$NCDCLASS" "$@" 2>&1 || status=$?
    echo "exit $status"
}

# The same under the line that a user would have typed.
show() {
    echo "\$ ncdclass $*"
    try "$@"
}

# Two topics without a word or a run of letters in common, so that the answers
# do not hang on a compressor's version.
make_data() {
    cat >train.tsv <<'END'
cats	the cat sat on the mat and purred
cats	the cat purred on the warm mat
cats	my cat sat purring on that mat
numbers	1234567890 0987654321 55555 4444
numbers	0987654321 1234567890 4444 55555
numbers	55555 4444 1234567890 0987654321
END
    cat >test.tsv <<'END'
cats	the cat purred on my mat
numbers	4444 55555 0987654321
cats	on the mat sat the cat
END
}

# make_data and a model of it, train.ncd, with k = 3.
make_model() {
    make_data
    "$NCDCLASS" train -q -k 3 train.tsv >/dev/null
}
