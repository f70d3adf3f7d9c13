// Package spelling tells how far a word is from another one, to suggest what was meant.
package spelling

// most is the length beyond which words are not compared.
const most = 128

// Distance counts the bytes to insert, remove, change or swap with their neighbour, to make b of a. Words longer than 128 bytes
// are as far apart as the longer one is long.
func Distance(a, b string) int {
	if a == b {
		return 0
	}
	if len(a) > most || len(b) > most {
		return max(len(a), len(b))
	}
	var rows [3][most + 1]int // the last two rows of the table and the one in the making
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
