package types

// Ratings are kept in thousandths of an Elo point, and shares of a game in
// billionths, so that consensus needs no floating point.
const (
	milli    = 1000
	wholeWin = 1_000_000_000
	// expectedStep is the distance between two entries of expected.
	expectedStep = 8 * milli
)

// expected is the share of a game that the better of two is expected to win:
// 1/(1+10^(-d/400)) at differences d of 0, 8, 16, … 800 points, rounded.
var expected = [...]int64{
	500_000_000, 511_510_891, 523_009_587, 534_483_945, 545_921_923, 557_311_634, 568_641_392, 579_899_760,
	591_075_596, 602_158_093, 613_136_820, 624_001_759, 634_743_335, 645_352_450, 655_820_506, 666_139_425,
	676_301_669, 686_300_258, 696_128_770, 705_781_360, 715_252_751, 724_538_243, 733_633_702, 742_535_559,
	751_240_794, 759_746_927, 768_052_003, 776_154_575, 784_053_684, 791_748_838, 799_239_991, 806_527_523,
	813_612_211, 820_495_207, 827_178_017, 833_662_469, 839_950_695, 846_045_100, 851_948_346, 857_663_319,
	863_193_111, 868_541_000, 873_710_421, 878_704_951, 883_528_288, 888_184_230, 892_676_660, 897_009_526,
	901_186_829, 905_212_604, 909_090_909, 912_825_812, 916_421_377, 919_881_657, 923_210_680, 926_412_444,
	929_490_904, 932_449_971, 935_293_499, 938_025_284, 940_649_057, 943_168_479, 945_587_140, 947_908_551,
	950_136_146, 952_273_279, 954_323_219, 956_289_152, 958_174_180, 959_981_318, 961_713_496, 963_373_559,
	964_964_265, 966_488_289, 967_948_222, 969_346_570, 970_685_759, 971_968_133, 973_195_958, 974_371_420,
	975_496_632, 976_573_630, 977_604_378, 978_590_767, 979_534_621, 980_437_696, 981_301_682, 982_128_205,
	982_918_828, 983_675_058, 984_398_338, 985_090_059, 985_751_555, 986_384_109, 986_988_952, 987_567_265,
	988_120_182, 988_648_793, 989_154_141, 989_637_226, 990_099_010,
}

// Expected is the share, in billionths, that one player is expected to win against
// another whose rating is lower by diff thousandths of a point. Between the entries
// of the table it is a straight line, and beyond 800 points it does not change: it is
// off by less than 3e-5 from the formula within them.
func Expected(diff int64) int64 {
	if diff < 0 {
		return wholeWin - Expected(-diff)
	}
	last := int64(len(expected) - 1)
	if diff >= last*expectedStep {
		return expected[last]
	}
	at, part := diff/expectedStep, diff%expectedStep
	return expected[at] + (expected[at+1]-expected[at])*part/expectedStep
}

// Standing is one player of a request: the change of its rating so far in thousandths
// of a point, and its place. A smaller place is better; equal ones draw.
type Standing struct {
	Rating int64
	Place  int
}

// Elo returns by how much each rating moves when all have played each other, each
// game for k/(n-1) points. What one wins another loses: the sum is zero.
func Elo(k uint32, players []Standing) []int64 {
	changes := make([]int64, len(players))
	for i := range players {
		for j := i + 1; j < len(players); j++ {
			won := int64(wholeWin / 2)
			switch {
			case players[i].Place < players[j].Place:
				won = wholeWin
			case players[i].Place > players[j].Place:
				won = 0
			}
			surplus := won - Expected(players[i].Rating-players[j].Rating)
			change := roundDiv(int64(k)*milli*surplus, wholeWin*int64(len(players)-1))
			changes[i] += change
			changes[j] -= change
		}
	}
	return changes
}

// roundDiv divides and rounds to the nearest, halves away from zero. d is positive.
func roundDiv(n, d int64) int64 {
	if n < 0 {
		return -roundDiv(-n, d)
	}
	return (n + d/2) / d
}

// Rating is a score's rating in points, rounded down.
func (s Score) Rating(p Params) int64 {
	total := int64(p.EloStart)*milli + s.RatingChange
	points := total / milli
	if total%milli < 0 {
		points--
	}
	return points
}

// OverturnedCost is what an overturned ranking costs the rating of its evaluator, and
// ParentCost that of the evaluator's parent, in thousandths of a point.
func (p Params) OverturnedCost() int64 { return int64(p.OverturnedPoints) * milli }

// ParentCost is rounded down.
func (p Params) ParentCost() int64 {
	return p.OverturnedCost() * int64(p.ParentShareBps) / basisPoints
}

const basisPoints = 10_000
