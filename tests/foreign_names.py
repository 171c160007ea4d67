"""Every public name of two libraries that ended, read from the `__init__` files of their last wheels.

TensorFlow Addons 0.23.0: all rooms that hold components. KerasCV 0.9.0: layers, losses, callbacks, samplers (`core`).
Words, to be split.
"""

TENSORFLOW_ADDONS = {
    "activations": """
        gelu hardshrink lisht mish rrelu snake softshrink sparsemax tanhshrink
        """,
    "callbacks": """
        AverageModelCheckpoint TimeStopping TQDMProgressBar
        """,
    "image": """
        adjust_hsv_in_yiq angles_to_projective_transforms blend compose_transforms connected_components cutout
        dense_image_warp equalize euclidean_dist_transform gaussian_filter2d interpolate_bilinear interpolate_spline
        mean_filter2d median_filter2d random_cutout random_hsv_in_yiq resampler rotate sharpness shear_x shear_y
        sparse_image_warp transform translate translate_xy translations_to_projective_transforms
        """,
    "layers": """
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
        AdaptiveMaxPooling2D AdaptiveMaxPooling3D CorrelationCost CRF EmbeddingBag ESN FilterResponseNormalization
        GELU GroupNormalization InstanceNormalization Maxout MaxUnpooling2D MaxUnpooling2DV2 MultiHeadAttention
        NoisyDense PoincareNormalize PolynomialCrossing Snake Sparsemax SpatialPyramidPooling2D SpectralNormalization
        StochasticDepth TLU WeightNormalization
        """,
    "losses": """
        contrastive_loss ContrastiveLoss giou_loss GIoULoss lifted_struct_loss LiftedStructLoss npairs_loss
        npairs_multilabel_loss NpairsLoss NpairsMultilabelLoss pinball_loss PinballLoss sigmoid_focal_crossentropy
        SigmoidFocalCrossEntropy sparsemax_loss SparsemaxLoss triplet_hard_loss triplet_semihard_loss TripletHardLoss
        TripletSemiHardLoss WeightedKappaLoss
        """,
    "metrics": """
        CohenKappa F1Score FBetaScore GeometricMean hamming_distance hamming_loss_fn HammingLoss HarmonicMean
        KendallsTauB KendallsTauC MatthewsCorrelationCoefficient MeanMetricWrapper MultiLabelConfusionMatrix
        PearsonsCorrelation RSquare SpearmansRank
        """,
    "optimizers": """
        AdaBelief AdamW AveragedOptimizerWrapper COCOB ConditionalGradient CyclicalLearningRate
        DecoupledWeightDecayExtension ExponentialCyclicalLearningRate extend_with_decoupled_weight_decay
        KerasLegacyOptimizer LAMB LazyAdam Lookahead MovingAverage MultiOptimizer NovoGrad ProximalAdagrad
        RectifiedAdam SGDW SWA Triangular2CyclicalLearningRate TriangularCyclicalLearningRate Yogi
        """,
    "rnn": """
        ESNCell LayerNormLSTMCell LayerNormSimpleRNNCell NASCell PeepholeLSTMCell
        """,
    "seq2seq": """
        AttentionMechanism AttentionWrapper AttentionWrapperState BahdanauAttention BahdanauMonotonicAttention
        BaseDecoder BasicDecoder BasicDecoderOutput BeamSearchDecoder BeamSearchDecoderOutput BeamSearchDecoderState
        CustomSampler Decoder dynamic_decode FinalBeamSearchDecoderOutput gather_tree gather_tree_from_array
        GreedyEmbeddingSampler hardmax InferenceSampler LuongAttention LuongMonotonicAttention monotonic_attention
        safe_cumprod SampleEmbeddingSampler Sampler ScheduledEmbeddingTrainingSampler ScheduledOutputTrainingSampler
        sequence_loss SequenceLoss tile_batch TrainingSampler
        """,
    "text": """
        crf crf_binary_score crf_constrained_decode crf_decode crf_decode_backward crf_decode_forward
        crf_filtered_inputs crf_forward crf_log_likelihood crf_log_norm crf_multitag_sequence_score crf_sequence_score
        crf_unary_score CrfDecodeForwardRnnCell CRFModelWrapper parse_time skip_gram_sample
        skip_gram_sample_with_text_vocab viterbi_decode
        """,
}

KERAS_CV = {
    "layers": """
        AddPositionalEmbedding AddRelativePositionalEmbedding AnchorGenerator Augmenter AugMix AutoContrast
        BaseAugmentationLayer3D BaseImageAugmentationLayer BoxMatcher CenterNetLabelEncoder ChannelShuffle CutMix
        DropBlock2D DropPath DynamicVoxelization Equalization FeaturePyramid FourierMix FrustumRandomDroppingPoints
        FrustumRandomPointFeatureNoise FusedMBConvBlock GlobalRandomDroppingPoints GlobalRandomFlip
        GlobalRandomRotation GlobalRandomScaling GlobalRandomTranslation Grayscale GridMask GroupPointsByBoundingBoxes
        HeatmapDecoder HierarchicalTransformerEncoder JitteredResize MBConvBlock MixUp Mosaic
        MultiClassNonMaxSuppression MultiHeadAttentionWithDownsampling MultiHeadAttentionWithRelativePE
        NonMaxSuppression OverlappingPatchingAndEmbedding PatchingAndEmbedding Posterization RandAugment RandomApply
        RandomAspectRatio RandomAugmentationPipeline RandomBrightness RandomChannelShift RandomChoice
        RandomColorDegeneration RandomColorJitter RandomContrast RandomCopyPaste RandomCrop RandomCropAndResize
        RandomCutout RandomDropBox RandomFlip RandomFrequencyPositionalEmbeddings RandomGaussianBlur RandomHue
        RandomJpegQuality RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
        RepeatedAugmentation Rescaling Resizing ROIGenerator ROIPooler SegFormerMultiheadAttention Solarization
        SpatialPyramidPooling SqueezeAndExcite2D StochasticDepth SwapBackground TransformerEncoder
        TwoWayMultiHeadAttention VectorizedBaseImageAugmentationLayer ViTDetPatchingAndEmbedding
        WindowedTransformerEncoder WindowPartitioning
        """,
    "losses": """
        BinaryPenaltyReducedFocalCrossEntropy CenterNetBoxLoss CIoULoss FocalLoss GIoULoss IoULoss SimCLRLoss
        SmoothL1Loss
        """,
    "callbacks": """
        PyCOCOCallback WaymoEvaluationCallback
        """,
    "core": """
        ConstantFactorSampler FactorSampler NormalFactorSampler UniformFactorSampler
        """,
}
